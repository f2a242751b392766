import { tmpdir } from 'node:os';
import type { ConfigDocument } from '../contracts/config-document.ts';
import { type Impact, impactOf, type ShadowAnswer } from '../domain/config-document/impact.ts';
import { shadowConfigs } from '../domain/config-document/shadow-config.ts';
import { createShadowRun, type ShadowRun } from '../providers/config-check/shadow-run.ts';
import { type LabelledChange, labelledChanges } from './config-simulate/labelled-changes.ts';
import { type LabelledRequest, labelledRequests } from './config-simulate/requests.ts';
import { shopDocument } from './config-simulate/shop.ts';

const rounds = 5;
const labelledCount = 600;

interface Options {
  /** Requests that both configurations answer in the measured runs. */
  readonly requests: number;
  readonly note: (text: string) => void;
}

/**
 * Old and new configuration side by side on real HAProxies, the same requests through both: how long it takes, starts included, and
 * whether exactly the requests that a known change affects are named. The floor is one HAProxy that starts and answers one request.
 */
export async function configSimulate({ requests: count, note }: Options) {
  const run = createShadowRun({ haproxy: 'haproxy', scratch: tmpdir() });
  const requests = labelledRequests(count);
  const after = labelledChanges[0]?.document ?? shopDocument();
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round += 1)
    seconds.push(await timed(() => simulate(run, after, requests)));
  note(`${count} requests: ${seconds.map((each) => each.toFixed(2)).join(', ')} s`);
  const floor = await timed(() => replay(run, shopDocument(), after, requests.slice(0, 1)));
  const verdicts = await judgeChanges(run, labelledRequests(labelledCount), note);
  const total = (key: 'missed' | 'false'): number => verdicts.reduce((sum, verdict) => sum + verdict[key], 0);
  return {
    requests: count,
    seconds: rounded(seconds.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0),
    seconds_worst: rounded(Math.max(...seconds)),
    rounds,
    changes: verdicts.length,
    requests_of_each_change: labelledCount,
    affected: verdicts.reduce((sum, { affected }) => sum + affected, 0),
    missed: total('missed'),
    false: total('false'),
    floor: 'one HAProxy starts and answers one request',
    floor_seconds: rounded(floor),
    goal_seconds: 2,
  };
}

async function judgeChanges(run: ShadowRun, requests: readonly LabelledRequest[], note: Options['note']) {
  const verdicts = [];
  for (const change of labelledChanges) {
    const verdict = judge(change, requests, await simulate(run, change.document, requests));
    if (verdict.missed + verdict.false > 0) note(`${change.name}: ${JSON.stringify(verdict)}`);
    verdicts.push(verdict);
  }
  return verdicts;
}

/** An affected request that is named, but not for what changed, is missed as well. */
function judge(
  { affects, what }: LabelledChange,
  requests: readonly LabelledRequest[],
  impacts: readonly Impact[],
) {
  const named = new Map(impacts.map(({ index, changes }) => [index, changes]));
  const isNamed = (index: number): boolean => named.get(index)?.some((each) => each.what === what) ?? false;
  const affected = requests.flatMap((request, index) => (affects(request) ? [index] : []));
  return {
    affected: affected.length,
    missed: affected.filter((index) => !isNamed(index)).length,
    false: [...named.keys()].filter((index) => !affected.includes(index)).length,
  };
}

async function simulate(
  run: ShadowRun,
  after: ConfigDocument,
  requests: readonly LabelledRequest[],
): Promise<Impact[]> {
  const { signal } = new AbortController();
  const [old, young] = shadowConfigs(shopDocument(), after);
  const [before, now] = await Promise.all([
    run.replay(old, requests, signal),
    run.replay(young, requests, signal),
  ]);
  return impactOf(before, now);
}

function replay(
  run: ShadowRun,
  before: ConfigDocument,
  after: ConfigDocument,
  requests: readonly LabelledRequest[],
): Promise<ShadowAnswer[]> {
  return run.replay(shadowConfigs(before, after)[0], requests, new AbortController().signal);
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await act();
  return (performance.now() - begun) / 1000;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
