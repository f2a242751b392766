import type { CanaryPlan } from '../../contracts/canary-plan.ts';
import type { CheckResult } from '../../contracts/canary-rollout.ts';

export type Check = Omit<CheckResult, 'at'>;

/** The memory of a watch: plain JSON, so that a killed attempt hands it to the next one in its heartbeat. All times in milliseconds. */
export interface WatchState {
  /** Time of this step that was soaked: judged, not held. */
  readonly soakedMs: number;
  /** Failed checks of the whole rollout. */
  readonly failures: number;
  readonly sinceCheckMs: number;
  /** Soaked time at the last check of this step; null before the first. */
  readonly checkedAtMs: number | null;
  /** Why the step is held, and for how long already; null while it soaks. */
  readonly holding: HoldReason | null;
  readonly holdingMs: number;
}

export type HoldReason = 'stable-breach' | 'no-data' | 'inconclusive' | 'metrics-error';

export type WatchVerdict =
  | { readonly kind: 'soaked' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'hold'; readonly why: HoldReason; readonly reason: string }
  | { readonly kind: 'cleared' }
  | { readonly kind: 'hold-expired'; readonly why: HoldReason; readonly reason: string };

export interface WatchFacts {
  /** Real time since the last tick. */
  readonly elapsedMs: number;
  /** What the judge said, when it was asked in this tick. */
  readonly check: Check | null;
  /** Why the judge could not be asked. */
  readonly metricsError: string | null;
}

/** A fresh memory; a next step keeps the failures of the rollout so far. */
export function startWatch(previous: Partial<WatchState> = {}): WatchState {
  return {
    soakedMs: 0,
    failures: 0,
    sinceCheckMs: 0,
    checkedAtMs: null,
    holding: null,
    holdingMs: 0,
    ...previous,
  };
}

export interface WatchTick {
  readonly state: WatchState;
  /** The next tick wants a check. */
  readonly checkDue: boolean;
  readonly verdict: WatchVerdict | null;
}

/** `soakMs` null: people decide when it ends (gate, pause, forced hold). */
interface Mode {
  readonly soakMs: number | null;
}

/**
 * One tick of the watch. A step ends only right after a check that passed at or after the end of its soak. A hold stops the soak; it is
 * told once when it begins and once when a check passes again, and expires after `timeouts.holdMs`. While people decide, judging goes
 * on and both clocks stand still: nothing comes back but a failure, and whether it holds is told by the state.
 */
export function watchTick(plan: CanaryPlan, mode: Mode, before: WatchState, facts: WatchFacts): WatchTick {
  const timed = letTimePass(mode, before, facts.elapsedMs);
  const asked = facts.check !== null || facts.metricsError !== null;
  if (!asked) return withoutNews(plan, mode, timed);
  return weigh(plan, mode, { ...timed, sinceCheckMs: 0, checkedAtMs: timed.soakedMs }, facts);
}

function letTimePass(mode: Mode, before: WatchState, elapsedMs: number): WatchState {
  const state = { ...before, sinceCheckMs: before.sinceCheckMs + elapsedMs };
  if (mode.soakMs === null) return state;
  if (state.holding === null) return { ...state, soakedMs: state.soakedMs + elapsedMs };
  return { ...state, holdingMs: state.holdingMs + elapsedMs };
}

function withoutNews(plan: CanaryPlan, mode: Mode, state: WatchState): WatchTick {
  // One check right at the end of the soak, even where the interval is longer; after it the interval counts again.
  const isLast =
    isOver(mode, state) && (state.checkedAtMs === null || !isOver(mode, { soakedMs: state.checkedAtMs }));
  const checkDue = isLast || state.sinceCheckMs >= plan.checks.intervalMs;
  return { state, checkDue, verdict: null };
}

function weigh(plan: CanaryPlan, mode: Mode, state: WatchState, facts: WatchFacts): WatchTick {
  if (facts.check?.verdict === 'fail') return failure(plan, state, facts.check.explanation);
  const hold = reasonToHold(facts);
  if (hold === null) return passed(mode, state);
  if (hold.why === 'stable-breach' && plan.onStableBreach === 'abort') {
    return ended(state, { kind: 'failed', reason: hold.reason });
  }
  return isTooEarly(plan, mode, state, hold) ? ended(state, null) : held(plan, mode, state, hold);
}

function isOver(mode: Mode, state: Pick<WatchState, 'soakedMs'>): boolean {
  return mode.soakMs !== null && state.soakedMs >= mode.soakMs;
}

/** While the first window of a step fills, too few requests are no reason to hold: but no step ends without enough of them. */
function isTooEarly(plan: CanaryPlan, mode: Mode, state: WatchState, { why }: Hold): boolean {
  const mayLack = why === 'no-data' || why === 'inconclusive';
  return mayLack && state.holding === null && state.soakedMs < plan.checks.windowMs && !isOver(mode, state);
}

function passed(mode: Mode, state: WatchState): WatchTick {
  const free = { ...state, holding: null, holdingMs: 0 };
  if (isOver(mode, state)) return ended(free, { kind: 'soaked' });
  const wasHeld = state.holding !== null && mode.soakMs !== null;
  return ended(free, wasHeld ? { kind: 'cleared' } : null);
}

function failure(plan: CanaryPlan, before: WatchState, explanation: string): WatchTick {
  const state = { ...before, failures: before.failures + 1 };
  const { failureLimit } = plan.checks;
  if (state.failures <= failureLimit) return ended(state, null);
  const count =
    failureLimit === 0 ? 'a check failed' : `${state.failures} checks failed, ${failureLimit} are allowed`;
  return ended(state, { kind: 'failed', reason: `${count}: ${explanation}` });
}

interface Hold {
  readonly why: HoldReason;
  readonly reason: string;
}

function reasonToHold({ check, metricsError }: WatchFacts): Hold | null {
  if (metricsError !== null) return { why: 'metrics-error', reason: metricsError };
  switch (check?.verdict) {
    case 'stable-breach':
    case 'no-data':
    case 'inconclusive':
    case 'metrics-error':
      return { why: check.verdict, reason: check.explanation };
    case 'pass':
    case 'fail':
    case undefined:
      return null;
  }
}

/** One hold lasts until a check passes, also when its reason changes meanwhile; otherwise two that alternate would never expire. */
function held(plan: CanaryPlan, mode: Mode, before: WatchState, hold: Hold): WatchTick {
  const state = { ...before, holding: hold.why };
  if (mode.soakMs === null) return ended(state, null);
  if (before.holding === null) return ended({ ...state, holdingMs: 0 }, { kind: 'hold', ...hold });
  if (state.holdingMs < plan.timeouts.holdMs) return ended(state, null);
  return ended(state, { kind: 'hold-expired', ...hold, reason: `held for too long: ${hold.reason}` });
}

function ended(state: WatchState, verdict: WatchVerdict | null): WatchTick {
  return { state, checkDue: false, verdict };
}
