import type { OperationEvent } from '../../../contracts/operation.ts';
import type { FleetProxy } from '../../../contracts/proxy-enrollment.ts';
import type { RolledOutCase } from './cases.ts';
import type { Lane, Told } from './lane.ts';

/** How a bad change ended. `backMs`: from the moment it was found bad until no proxy served it any more; null: none ever did. */
export interface BadResult {
  readonly name: string;
  readonly isStopped: boolean;
  readonly backMs: number | null;
  /** Empty when it went as it must. */
  readonly problems: readonly string[];
}

const backWithinMs = 30_000;

/** Rolls a bad change out and asks everybody who can know what became of it. */
export async function judgeBad(lane: Lane, one: RolledOutCase): Promise<BadResult> {
  const { shopHash } = lane;
  lane.services.refresh();
  lane.watch.take();
  lane.load.takeFailures();
  const told = await lane.rollOut(one.change(lane.shop, lane.place), one.name);
  const now = await Promise.all(lane.proxies.map((proxy) => proxy.servedHash()));
  const seen = lane.watch.take();
  const lastBad = lane.first.flatMap(({ name }) => othersIn(seen[name], shopHash));
  const backMs = lastBad.length === 0 ? null : Math.max(0, Math.max(...lastBad) - foundAt(told.events));
  const escaped = [
    ...lane.rest.filter(({ name }) => othersIn(seen[name], shopHash).length > 0).map(({ name }) => name),
    ...(await orderedBeyond(lane)),
  ];
  const outcome = one.stop === 'validation' ? 'rejected' : 'rolled-back';
  const problems = [
    ...differs('outcome', told.rollout.state.outcome, outcome),
    ...differs('proxies beyond the first wave that had it', escaped, []),
    ...differs('waves that were ordered', wavesOf(told.events), one.stop === 'validation' ? [] : [0]),
    ...differs('proxies that serve the shop', now.filter((hash) => hash === shopHash).length, now.length),
    ...(backMs !== null && backMs > backWithinMs ? [`it took ${backMs} ms to be back`] : []),
    ...(one.tells.test(told.rollout.state.reason ?? '') ? [] : ['the text does not tell the cause']),
    ...differs('failures beyond the first wave', failuresBeyond(lane), 0),
  ];
  const told1 = problems.length === 0 ? [] : [told.rollout.state.reason ?? 'no reason', timelineOf(told)];
  return {
    name: one.name,
    isStopped: escaped.length === 0 && told.rollout.state.outcome === outcome,
    backMs,
    problems: [...problems, ...told1],
  };
}

/** When each hash but that of the shop was last seen. */
function othersIn(seen: ReadonlyMap<string, number> | undefined, shopHash: string): number[] {
  return [...(seen ?? [])].filter(([hash]) => hash !== shopHash).map(([, at]) => at);
}

function foundAt(events: readonly OperationEvent[]): number {
  return Date.parse(events.find(({ type }) => type.startsWith('ended.'))?.at ?? '');
}

async function orderedBeyond(lane: Lane): Promise<string[]> {
  const shown = await Promise.all(lane.rest.map(({ name }) => lane.api<FleetProxy>('GET', `/fleet/${name}`)));
  return shown.filter(({ desired }) => desired?.hash !== lane.shopHash).map(({ proxy }) => proxy);
}

function wavesOf(events: readonly OperationEvent[]): unknown[] {
  return events.filter(({ type }) => type === 'wave.ordered').map(({ detail }) => detail['wave']);
}

/** The usual errors of a shop are some; those of a change would be many. */
function failuresBeyond(lane: Lane): number {
  const failures = lane.load.takeFailures();
  const counts = lane.rest.map(({ address }) => failures[address] ?? 0);
  return counts.filter((count) => count > usualFailures).length;
}

const usualFailures = 10;

export function timelineOf({ events }: Told): string {
  return events.map(({ type, summary }) => `${type}: ${summary}`).join('\n');
}

export function differs(what: string, got: unknown, wanted: unknown): string[] {
  if (JSON.stringify(got) === JSON.stringify(wanted)) return [];
  return [`${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`];
}
