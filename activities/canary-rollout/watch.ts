import {
  activityInfo,
  ApplicationFailure,
  cancellationDetails,
  cancellationSignal,
  heartbeat,
} from '@temporalio/activity';
import { setTimeout as delay } from 'node:timers/promises';
import type { CheckResult } from '../../contracts/canary-rollout.ts';
import { rolloutFacts } from '../../db/canary-rollout/facts.ts';
import { recordWatch } from '../../db/canary-rollout/progress.ts';
import { judge } from '../../domain/canary-rollout/judge.ts';
import {
  watchTick,
  type WatchState,
  type WatchTick,
  type WatchVerdict,
} from '../../domain/canary-rollout/watch.ts';
import { OpsError } from '../../domain/errors.ts';
import type { TrafficTarget } from '../../providers/traffic/traffic.ts';
import type { CanaryRolloutTools } from './index.ts';
import { targetOf } from './release.ts';
import type { WatchInput, WatchResult } from './types.ts';

const tickMs = 1000;
/** Counters older than this are no counters: the agent or the proxy is silent. */
const staleAfterSeconds = 5;

/** What a killed attempt leaves to the next one, as heartbeat details. */
interface Progress {
  readonly state: WatchState;
  readonly lastCheck: CheckResult | null;
}

/** Where the watch takes its time from; a benchmark lets ten minutes pass in a second. */
export interface WatchClock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Resolves after the time, or at once when the signal is given. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

const realClock: WatchClock = {
  now: () => performance.now(),
  pause: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
};

export function createWatch({ db, traffic }: Pick<CanaryRolloutTools, 'db' | 'traffic'>, clock = realClock) {
  /**
   * The fast loop: about once a second renews the lease of the canary's weight and, when a check is due, asks the judge. Comes back
   * with a verdict, at the end of the soak, when the lease cannot be kept, or when it is interrupted (cancelled).
   */
  async function watchRollout(input: WatchInput): Promise<WatchResult> {
    const facts = await rolloutFacts(db, input.operationId);
    const target = targetOf(facts);
    const arms = { canary: facts.version, stable: facts.stableVersion };
    const resumed = activityInfo().heartbeatDetails as Progress | undefined;
    let { state, lastCheck }: Progress = resumed ?? { state: input.state, lastCheck: null };
    let checkDue = false;
    let last = clock.now();

    for (;;) {
      const lost = await keepLease(target, input);
      if (lost !== null) return { ...lost, state, lastCheck };
      const looked: Looked = checkDue ? await look(target, input, arms) : { check: null, metricsError: null };
      const now = clock.now();
      const facing = { elapsedMs: now - last, ...looked };
      last = now;
      const tick: WatchTick = watchTick(input.plan, { soakMs: input.soakMs }, state, facing);
      ({ state, checkDue } = tick);
      lastCheck = looked.check ?? lastCheck;
      heartbeat({ state, lastCheck } satisfies Progress);
      await recordWatch(db, input.operationId, looked.check).catch(ignoreWhileDatabaseIsAway);
      if (tick.verdict !== null) return { ...resultOf(tick.verdict), state, lastCheck };
      await clock.pause(checkDue ? 0 : tickMs, cancellationSignal());
      if (cancellationSignal().aborted) {
        const rest = { elapsedMs: clock.now() - last, check: null, metricsError: null };
        ({ state } = watchTick(input.plan, { soakMs: input.soakMs }, state, rest));
        return interrupted(state, lastCheck);
      }
    }
  }

  /** null while the lease holds; a database that is away is waited for: the agent takes the canary off when it takes too long. */
  async function keepLease(target: TrafficTarget, input: WatchInput): Promise<Lost | null> {
    try {
      await traffic.renewLease(target, input.operationId, input.token, input.plan.leaseMs);
      return null;
    } catch (error) {
      if (!(error instanceof OpsError)) return null;
      if (!['fenced', 'stopped', 'lease-lost'].includes(error.code)) return null;
      return { kind: 'lost', cause: error.code, reason: error.message };
    }
  }

  async function look(
    target: TrafficTarget,
    input: WatchInput,
    arms: { canary: string; stable: string | null },
  ): Promise<Looked> {
    try {
      const newest = Math.floor(Date.now() / 1000);
      const windowSeconds = Math.ceil(input.plan.checks.windowMs / 1000);
      const buckets = await traffic.buckets(target, newest - windowSeconds - staleAfterSeconds, newest);
      const last = buckets.at(-1)?.second ?? 0;
      if (newest - last > staleAfterSeconds) {
        const heard = last === 0 ? 'no counters' : `no counters for ${newest - last} s`;
        return { check: null, metricsError: `${heard} from proxy ${target.proxy}: is its agent running?` };
      }
      const check = judge({
        policy: 1,
        checks: input.plan.checks,
        thresholds: input.plan.thresholds,
        ...arms,
        buckets: buckets.filter((bucket) => bucket.second > last - windowSeconds),
        muted: input.muted.filter((mute) => Date.parse(mute.until) > Date.now()).map((mute) => mute.metric),
      });
      return { check: { at: new Date().toISOString(), ...check }, metricsError: null };
    } catch (error) {
      return { check: null, metricsError: `the counters could not be read: ${String(error)}` };
    }
  }

  return { watchRollout };
}

interface Looked {
  readonly check: CheckResult | null;
  readonly metricsError: string | null;
}

type Lost = { readonly kind: 'lost'; readonly cause: string; readonly reason: string };
type Verdict = WatchResult extends infer R
  ? R extends WatchResult
    ? Omit<R, 'state' | 'lastCheck'>
    : never
  : never;

function resultOf(verdict: WatchVerdict): Verdict {
  return verdict;
}

/** A cancelled watch answers what it has seen; one on a worker that shuts down fails, so that another attempt goes on. */
function interrupted(state: WatchState, lastCheck: CheckResult | null): WatchResult {
  if (cancellationDetails()?.cancelRequested !== true) {
    throw ApplicationFailure.create({
      type: 'unavailable',
      message: 'the worker shuts down; another goes on watching',
    });
  }
  return { kind: 'interrupted', state, lastCheck };
}

function ignoreWhileDatabaseIsAway(): void {
  // The heartbeat carries the state; the read model catches up with the next check.
}
