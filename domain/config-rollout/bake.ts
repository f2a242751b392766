import type { ConfigPlan } from '../../contracts/config-plan.ts';
import type { WaveCheck, WaveCounts } from '../../contracts/config-rollout.ts';
import { measures, type Counted, type Measure } from '../measure/measure.ts';
import { isWithinBudget } from './wave-progress.ts';

/** Counted requests of some proxies, from the windows that their agents sent. */
export interface WaveTraffic extends Pick<Counted, 'requests' | 'errors' | 'latency'> {
  /** Answers of 400 to 499, which are no errors of the proxy or its servers. */
  readonly refused: number;
}

/** The most frequent kind of error, as agents tell it: what the requests have in common, and one of them, redacted. */
export interface TopError {
  readonly signature: string;
  readonly count: number;
  readonly example: string;
}

/** What one look at a wave has found. */
export interface WaveFacts {
  readonly counts: WaveCounts;
  /** In the last minute, as far as the proxies ran the order. */
  readonly now: WaveTraffic;
  /** The same proxies in the minutes before the order. */
  readonly before: WaveTraffic;
  /** All that came since each proxy runs the order. */
  readonly requests: number;
  /** Of `now`; null: no error. */
  readonly topError: TopError | null;
  /** Proven proxies whose windows are overdue. */
  readonly withoutData: number;
  /** Why the probe of a proxy failed; empty when all went well, or when the plan has none. */
  readonly probeFaults: readonly string[];
}

export interface BakeState {
  /** Time that counts: what a person paused does not. */
  readonly elapsedMs: number;
  /** Failed checks in a row. */
  readonly failures: number;
}

export interface BakeTick {
  readonly state: BakeState;
  readonly check: Omit<WaveCheck, 'at'>;
  readonly verdict: 'bake' | 'baked' | 'failed';
}

/** How long the end of a bake waits for data that is not there yet, in milliseconds; then missing data has failed it. */
export const dataGraceMs = 30_000;

/** One check of a wave that bakes. What is missing never passes: it waits, and fails in the end. */
export function bakeTick(
  { checks, partition }: ConfigPlan,
  { bakeMs, elapsedMs, failures }: BakeState & { readonly bakeMs: number },
  facts: WaveFacts,
): BakeTick {
  const measured = measuresOf(facts.now);
  const finding = hardFault(partition, facts) ?? fault(checks, facts) ?? missing(checks, facts);
  const isOver = elapsedMs >= bakeMs;
  if (finding === null)
    return tick({ elapsedMs, failures: 0 }, isOver ? 'baked' : 'bake', measured, 'pass', passText(measured));
  if (finding.kind === 'missing' && elapsedMs < bakeMs + dataGraceMs)
    return tick({ elapsedMs, failures: 0 }, 'bake', measured, 'wait', finding.why);
  const isLetPass = finding.kind === 'fault' && failures < checks.failureLimit;
  const state = { elapsedMs, failures: failures + 1 };
  return tick(state, isLetPass ? 'bake' : 'failed', measured, 'fail', finding.why);
}

type Measures = Pick<WaveCheck, 'requests' | 'errorRate' | 'p95' | 'p99'>;

interface Finding {
  /** `hard` fails at once, `fault` after as many in a row as the plan lets pass, `missing` at the end. */
  readonly kind: 'hard' | 'fault' | 'missing';
  readonly why: string;
}

/** A proxy that left its order again is no matter of rates. */
function hardFault(
  { budgetPercent, policy }: ConfigPlan['partition'],
  { counts }: WaveFacts,
): Finding | null {
  const { proxies, failed, silent, pending } = counts;
  if (failed > 0) return { kind: 'hard', why: `${failed} of ${proxies} proxies do not run it any more` };
  const allowed = policy === 'proceed' ? budgetPercent : 0;
  if (!isWithinBudget(allowed, counts))
    return { kind: 'fault', why: `${silent} of ${proxies} proxies have fallen silent` };
  return pending === 0
    ? null
    : { kind: 'fault', why: `${pending} of ${proxies} proxies are not proven any more` };
}

function fault(checks: ConfigPlan['checks'], facts: WaveFacts): Finding | null {
  const [probeFault] = facts.probeFaults;
  if (probeFault !== undefined)
    return { kind: 'fault', why: `the probe failed at ${facts.probeFaults.length} proxies: ${probeFault}` };
  for (const limit of checks.limits) {
    const why = breachOf(limit, facts);
    if (why === null) continue;
    return { kind: 'fault', why: `${why}${limit.metric === 'errorRate' ? mostly(facts.topError) : ''}` };
  }
  return null;
}

function mostly(error: TopError | null): string {
  return error === null ? '' : `; mostly ${error.signature} (${error.count}), as ${error.example}`;
}

/** Only what lies above a limit beyond the doubt of few requests is a breach: `domain/measure/evidence.ts`. */
function breachOf(
  { metric, max, maxIncrease }: ConfigPlan['checks']['limits'][number],
  facts: WaveFacts,
): string | null {
  const { name, measure, of } = rulerOf(metric);
  const [now, before] = [of(facts.now), of(facts.before)];
  const reading = `the ${name} is ${measure.spell(measure.read(now) ?? 0)} (${measure.basis(now)})`;
  if (max !== null && measure.isAbove(now, max))
    return `${reading}, above the limit of ${measure.spell(max)}`;
  if (maxIncrease === null || measure.counted(before) === 0 || !measure.isAboveBy(now, before, maxIncrease))
    return null;
  const was = measure.spell(measure.read(before) ?? 0);
  return `${reading}, more than ${measure.spell(maxIncrease)} above the ${was} of before`;
}

interface Ruler {
  readonly name: string;
  readonly measure: Measure;
  of(traffic: WaveTraffic): Counted;
}

/** Refused requests are measured as errors are. */
function rulerOf(metric: ConfigPlan['checks']['limits'][number]['metric']): Ruler {
  if (metric !== 'refusedRate')
    return { name: measures[metric].name, measure: measures[metric], of: countedOf };
  return {
    name: 'rate of refused requests',
    measure: measures.errorRate,
    of: (traffic) => countedOf({ ...traffic, errors: traffic.refused }),
  };
}

function missing(
  { limits, minRequests }: ConfigPlan['checks'],
  { requests, withoutData, counts }: WaveFacts,
): Finding | null {
  if (limits.length > 0 && withoutData > 0)
    return { kind: 'missing', why: `${withoutData} of ${counts.proxies} proxies send no counts` };
  if (requests >= minRequests) return null;
  return { kind: 'missing', why: `${requests} of the ${minRequests} requests that it takes to judge` };
}

function countedOf(traffic: WaveTraffic): Counted {
  return { ...traffic, measured: Object.values(traffic.latency).reduce((sum, count) => sum + count, 0) };
}

function measuresOf(traffic: WaveTraffic): Measures {
  const counted = countedOf(traffic);
  const { errorRate, p95, p99 } = measures;
  return {
    requests: traffic.requests,
    errorRate: errorRate.read(counted),
    p95: p95.read(counted),
    p99: p99.read(counted),
  };
}

function tick(
  state: BakeState,
  verdict: BakeTick['verdict'],
  measured: Measures,
  result: WaveCheck['verdict'],
  explanation: string,
): BakeTick {
  return { state, verdict, check: { verdict: result, explanation, ...measured } };
}

function passText({ requests, errorRate }: Measures): string {
  if (errorRate === null) return 'no requests came';
  return `${requests} requests, ${measures.errorRate.spell(errorRate)} errors`;
}
