import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { CanaryRollout } from '../../contracts/canary-rollout.ts';
import { openLane, type CrashWorker, type Lane } from '../support/lane.ts';
import { countInstances, observeEffects } from '../support/effects.ts';
import { commandOf, serviceSpec, stories, type Story } from './stories.ts';

/**
 * The worker dies of SIGKILL before each activity, after its effect but before its report, and at each workflow activation, in three
 * stories on real HAProxy, real processes, real Postgres and real Temporal. Same end, same effects as without a crash, counted outside.
 * `make test` takes a fixed sample of three kill points in each story, `make test-long` every one.
 */
/** More of them on two cores would only make each other wait. */
const laneCount = 2;
const sampled = 3;
const lanes: Lane[] = [];
const bundle = path.join(tmpdir(), `holdfast-crash-bundle-${process.pid}.cjs`);
let version = 0;

beforeAll(async () => {
  for (let index = 0; index < laneCount; index += 1) {
    const lane = await openLane({ temporal: inject('temporal'), bundle });
    lanes.push(lane);
    await lane.api('PUT', '/services/shop', serviceSpec());
    const worker = await lane.startWorker();
    const first = await start(lane, 'v0', 0);
    await untilClosed(lane, first, stories[0] as Story, worker);
    await worker.stop();
  }
}, 120_000);

afterAll(async () => {
  await Promise.all(lanes.map((lane) => lane.close()));
}, 60_000);

describe.each(stories)('story: $name', (story) => {
  test('ends the same wherever the worker is killed', { timeout: 3_600_000 }, async () => {
    const points = await countPoints(story);
    const chosen = inject('long') ? range(points.length) : spread(points.length, sampled);

    const results = await inLanes(chosen, (lane, killAt) => runKilled(lane, story, killAt));

    const wrong = results.filter((result) => result.problems.length > 0);
    expect(wrong.map((result) => JSON.stringify(result)).join('\n')).toBe('');
    expect(results.filter((result) => result.killed).length).toBeGreaterThanOrEqual(
      Math.min(sampled - 1, points.length),
    );
    console.log(
      `${story.name}: ${results.length} of ${points.length} kill points, all ended ${story.outcome}`,
    );
  });
});

interface Result {
  readonly killAt: number;
  readonly point: string;
  readonly killed: boolean;
  readonly problems: readonly string[];
}

/** The uncrashed run: which points there are, and that the story holds at all. */
async function countPoints(story: Story): Promise<readonly string[]> {
  const [lane] = lanes as [Lane];
  const worker = await lane.startWorker();
  const result = await tell(lane, story, worker, 0);
  await worker.stop();
  expect(result.problems).toEqual([]);
  return worker.points;
}

/**
 * Runs differ by a check more or less, and so in how many points they have. One that ended before its point came is no proof: it is
 * repeated at the last point that it did reach.
 */
async function runKilled(lane: Lane, story: Story, killAt: number): Promise<Result> {
  const worker = await lane.startWorker({ at: killAt, signal: 'SIGKILL' });
  const result = await tell(lane, story, worker, killAt);
  if (result.problems.length > 0) console.error(JSON.stringify(result));
  if (result.killed || result.problems.length > 0 || worker.points.length === 0) return result;
  return runKilled(lane, story, Math.min(killAt - 1, worker.points.length));
}

async function tell(lane: Lane, story: Story, worker: CrashWorker, killAt: number): Promise<Result> {
  const name = `v${(version += 1)}`;
  const stable = (await lane.api<{ stableVersion: string }>('GET', '/services/shop')).stableVersion;
  const observer = observeEffects(lane.proxy.socket, 'web', lane.home);
  let second: CrashWorker | null = null;
  const restarted = worker.gone.then(async (signal) => {
    if (signal === 'SIGKILL' && killAt > 0) second = await lane.startWorker();
  });
  try {
    const id = await start(lane, name, story.errorRate);
    const ended = await untilClosed(lane, id, story, worker);
    // The observer looks every 25 ms; the last change has to be seen before it stops.
    await delay(100);
    const killed = worker.points.length >= killAt && killAt > 0;
    const problems = await judge(lane, story, { name, stable, ended, observer });
    return { killAt, point: worker.points[killAt - 1] ?? 'none', killed, problems };
  } finally {
    observer.stop();
    if (killAt > 0) {
      worker.stop().catch(() => undefined);
      await restarted;
      await (second as CrashWorker | null)?.stop();
    }
  }
}

async function judge(
  lane: Lane,
  story: Story,
  seen: { name: string; stable: string; ended: CanaryRollout; observer: ReturnType<typeof observeEffects> },
): Promise<string[]> {
  const { name, stable, ended, observer } = seen;
  const problems: string[] = [];
  const expectSame = (what: string, actual: unknown, wanted: unknown): void => {
    if (JSON.stringify(actual) !== JSON.stringify(wanted)) {
      problems.push(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(wanted)}`);
    }
  };
  expectSame('outcome', ended.state.outcome, story.outcome);
  expectSame('weights at HAProxy', observer.weightsOf(name), story.weights);
  expectSame('most processes of one instance', observer.mostProcesses(), 1);
  const promoted = story.outcome === 'promoted';
  const service = await lane.api<{ stableVersion: string }>('GET', '/services/shop');
  expectSame('stable version', service.stableVersion, promoted ? name : stable);
  const running = [...countInstances(lane.home).keys()].filter((id) => id.includes(`.${name}.`));
  expectSame('instances of the canary', running.length, promoted ? 1 : 0);
  const { items } = await lane.api<{ items: { seq: number; type: string }[] }>(
    'GET',
    `/operations/${ended.id}/events`,
  );
  expectSame(
    'timeline is dense',
    items.map((event) => event.seq),
    items.map((_, index) => index + 1),
  );
  const target = await lane.db.selectFrom('traffic_target').select('owner').executeTakeFirst();
  expectSame('owner of the target', target?.owner ?? null, null);
  if (problems.length > 0)
    problems.push(`timeline: ${items.map((event) => event.type).join(' ')}`, ended.state.reason ?? '');
  return problems;
}

async function start(lane: Lane, name: string, errorRate: number): Promise<string> {
  const body = {
    service: 'shop',
    version: name,
    start: { runtime: 'process', command: commandOf(errorRate) },
  };
  return (await lane.api<CanaryRollout>('POST', '/canary-rollouts', body)).id;
}

async function untilClosed(
  lane: Lane,
  id: string,
  story: Story,
  worker: CrashWorker,
): Promise<CanaryRollout> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const rollout = await lane.api<CanaryRollout>('GET', `/canary-rollouts/${id}`);
    if (rollout.status === 'closed') return rollout;
    await story.steer(lane, rollout);
    if (Date.now() > deadline) {
      const at = `${rollout.state.phase}, step ${rollout.state.step}: ${rollout.state.waitingFor ?? ''}`;
      throw new Error(`${rollout.version} hangs in ${at}; killed at ${worker.points.at(-1)}`);
    }
    await delay(150);
  }
}

async function inLanes(
  points: readonly number[],
  run: (lane: Lane, killAt: number) => Promise<Result>,
): Promise<Result[]> {
  const queue = [...points];
  const results: Result[] = [];
  await Promise.all(
    lanes.map(async (lane) => {
      for (let killAt = queue.shift(); killAt !== undefined; killAt = queue.shift())
        results.push(await run(lane, killAt));
    }),
  );
  return results;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** A fixed sample: evenly spread, so that every phase of the story is hit. */
function spread(count: number, wanted: number): number[] {
  return [...new Set(Array.from({ length: wanted }, (_, index) => 1 + Math.floor((index * count) / wanted)))];
}
