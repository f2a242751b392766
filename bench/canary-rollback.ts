import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CanaryPlanInput } from '../contracts/canary-plan.ts';
import type { CanaryRollout } from '../contracts/canary-rollout.ts';
import { startLoad, type DetailedLoadReport, type LoadReport } from './load.ts';
import { quantile, upperBound95 } from './statistics.ts';
import { withStack, type BenchStack } from './stack.ts';

const totalRate = 1000;
const baseErrorRate = 0.001;
const badErrorRate = 0.05;

/** One step at 10 %: 100 requests a second to the canary. */
const plan: CanaryPlanInput = {
  steps: [{ weight: 10, soak: '20s' }],
  checks: { interval: '1s', window: '5s', failureLimit: 2, minRequests: 50 },
  warmWindow: '1s',
  drainDelay: '1s',
};

interface Drill {
  /** First answer of the canary after its error rate rose that was bad, to its last answer of all. */
  readonly seconds: number;
  readonly badAnswers: number;
}

/**
 * Real processes behind a real HAProxy under open-loop load. A drill: the canary at 10 % goes from 0.1 % to 5 % errors at a random
 * moment of its soak; all times are those of the load generator. A good rollout: the same without the fault; it must be promoted.
 */
export async function canaryRollback(options: { drills: number; note: (text: string) => void }) {
  return withStack(async (stack) => {
    await stack.api('PUT', '/services/shop', service());
    await run(stack, 'base');
    const drills: Drill[] = [];
    let falseAborts = 0;
    const unanswered: Record<string, number> = {};
    for (let round = 1; round <= options.drills; round += 1) {
      const drill = await badRollout(stack, `bad-${round}`);
      drills.push(drill);
      add(unanswered, drill.unanswered);
      const good = await goodRollout(stack, `good-${round}`);
      if (!good.promoted) falseAborts += 1;
      add(unanswered, good.unanswered);
      options.note(
        `${round} of ${options.drills}: restored after ${drill.seconds.toFixed(1)} s, good one ${good.promoted ? 'promoted' : 'ABORTED'}, unanswered ${JSON.stringify(unanswered)}`,
      );
    }
    const seconds = drills.map((drill) => drill.seconds);
    return {
      drills: drills.length,
      detect_to_restored_p50_s: quantile(seconds, 0.5),
      detect_to_restored_p95_s: quantile(seconds, 0.95),
      detect_to_restored_max_s: quantile(seconds, 1),
      bad_answers_p50: quantile(
        drills.map((drill) => drill.badAnswers),
        0.5,
      ),
      good_rollouts: options.drills,
      false_aborts: falseAborts,
      false_aborts_upper_95: upperBound95(falseAborts, options.drills),
      failed_otherwise: Object.values(unanswered).reduce((sum, count) => sum + count, 0),
      failed_otherwise_reasons: unanswered,
      canary_requests_per_s: totalRate / 10,
      goal_p95_s: 30,
      // Measured on a real control plane with the same fault; see docs/benchmarks.md for settings and source.
      peer_flagger_tightest_s: 14.5,
      peer_flagger_tutorial_s: 328,
      peer_argo_docs_example_s: 1074,
    };
  });
}

async function badRollout(
  stack: BenchStack,
  version: string,
): Promise<Drill & { unanswered: DetailedLoadReport['reasons'] }> {
  const load = startLoad({ url: frontend(stack), ratePerSecond: totalRate, maxSeconds: 120 });
  const id = await start(stack, version);
  await until(stack, id, (rollout) => rollout.state.phase === 'soaking');
  await delay(1000 + Math.random() * 9000);
  const address = await canaryAddress(stack, id);
  const before = load.snapshot();
  await setErrorRate(address, badErrorRate);
  const changedAt = performance.timeOrigin + performance.now();
  const watch = watchFirstBad(load, version, before);
  const ended = await until(stack, id, (rollout) => rollout.status === 'closed');
  const report = await load.stop();
  watch.stop();
  if (ended.state.outcome !== 'rolled-back')
    throw new Error(`${version} ended as ${ended.state.outcome}: ${ended.state.reason}`);
  const firstBadAt = watch.firstBadAt() ?? changedAt;
  const lastAt = report.versions[version]?.lastAt ?? firstBadAt;
  return {
    seconds: (lastAt - firstBadAt) / 1000,
    badAnswers: (report.versions[version]?.failed ?? 0) - (before.versions[version]?.failed ?? 0),
    unanswered: report.reasons,
  };
}

async function goodRollout(
  stack: BenchStack,
  version: string,
): Promise<{ promoted: boolean; unanswered: DetailedLoadReport['reasons'] }> {
  const load = startLoad({ url: frontend(stack), ratePerSecond: totalRate, maxSeconds: 120 });
  const id = await start(stack, version);
  const ended = await until(stack, id, (rollout) => rollout.status === 'closed');
  const report = await load.stop();
  return { promoted: ended.state.outcome === 'promoted', unanswered: report.reasons };
}

/** Both arms fail at the base rate on purpose; a failure is "otherwise" when no version answered it. Counted by reason. */
function add(sum: Record<string, number>, reasons: DetailedLoadReport['reasons']): void {
  for (const [reason, count] of Object.entries(reasons)) sum[reason] = (sum[reason] ?? 0) + count;
}

function watchFirstBad(load: { snapshot(): LoadReport }, version: string, before: LoadReport) {
  const known = before.versions[version]?.failed ?? 0;
  let first: number | null = null;
  const timer = setInterval(() => {
    const seen = load.snapshot().versions[version];
    if (first === null && seen !== undefined && seen.failed > known) first = seen.lastBadAt;
  }, 20);
  return { firstBadAt: () => first, stop: () => clearInterval(timer) };
}

async function run(stack: BenchStack, version: string): Promise<void> {
  const ended = await until(stack, await start(stack, version), (rollout) => rollout.status === 'closed');
  if (ended.state.outcome !== 'promoted')
    throw new Error(`${version} ended as ${ended.state.outcome}: ${ended.state.reason}`);
}

async function start(stack: BenchStack, version: string): Promise<string> {
  const { id } = await stack.api<CanaryRollout>('POST', '/canary-rollouts', { service: 'shop', version });
  return id;
}

async function until(
  stack: BenchStack,
  id: string,
  done: (rollout: CanaryRollout) => boolean,
): Promise<CanaryRollout> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const rollout = await stack.api<CanaryRollout>('GET', `/canary-rollouts/${id}`);
    if (done(rollout)) return rollout;
    if (rollout.status === 'closed')
      throw new Error(`${rollout.version} ended too early: ${rollout.state.reason}`);
    if (Date.now() > deadline)
      throw new Error(`${rollout.version} is still ${rollout.state.phase} after two minutes`);
    await delay(200);
  }
}

/** The canary's own address stands in the event that says it is healthy. */
async function canaryAddress(stack: BenchStack, id: string): Promise<string> {
  const { items } = await stack.api<{ items: { type: string; summary: string }[] }>(
    'GET',
    `/operations/${id}/events`,
  );
  const healthy = items.find((event) => event.type === 'release.healthy');
  const address = /(127\.0\.0\.1:\d+)/.exec(healthy?.summary ?? '')?.[1];
  if (address === undefined) throw new Error('the canary has no address');
  return address;
}

async function setErrorRate(address: string, errorRate: number): Promise<void> {
  const response = await fetch(`http://${address}/control`, {
    method: 'POST',
    body: JSON.stringify({ errorRate }),
  });
  if (!response.ok) throw new Error(`the fault could not be injected: ${response.status}`);
}

function frontend(stack: BenchStack): string {
  return stack.record.urls.frontend ?? '';
}

function service() {
  const script = path.resolve(import.meta.dirname, '../infra/demo/sample-service.ts');
  const command = [
    process.execPath,
    script,
    '--version',
    '{version}',
    '--latency-ms',
    '2',
    '--error-rate',
    String(baseErrorRate),
  ];
  return {
    name: 'shop',
    start: { runtime: 'process', command, env: { HOLDFAST_SAMPLE_CONTROL: '1' } },
    traffic: { provider: 'haproxy', backend: 'web' },
    plan,
  };
}
