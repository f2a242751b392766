import { startWatch } from '../../domain/canary-rollout/watch.ts';
import { abortable, watchUntil } from './attention.ts';
import { passGate } from './gate.ts';
import { forward } from './hands.ts';
import { enter, lostEnding, tell, type Ending, type Run, type Step } from './run.ts';

/** Goes up the steps of the plan. Answers how the rollout has to end, or null at the top. A first release has no steps to climb. */
export async function climb(run: Run): Promise<Ending | null> {
  if (!run.state.compared) return null;
  let budgetMs = run.input.plan.timeouts.deadlineMs;
  for (const [index, step] of run.input.plan.steps.entries()) {
    if (!run.wish.full) {
      const began = Date.now();
      await shift(run, index, step);
      const soaked = await soak(run, step, budgetMs - (Date.now() - began));
      if (soaked.ending !== null) return soaked.ending;
      budgetMs = soaked.budgetMs;
    }
    const ending = await passGate(run, index, step);
    if (ending !== null) return ending;
  }
  return null;
}

/** A step is applied only when the proxy reads it back and the observed share agrees. */
async function shift(run: Run, index: number, step: Step): Promise<void> {
  const { operationId, plan } = run.input;
  enter(run, 'shifting', { step: index, weight: step.weight });
  const shifted = await abortable(run, () =>
    forward.shiftTraffic({
      operationId,
      weight: step.weight,
      token: run.token,
      changeId: `${operationId}/step-${index}`,
      verifyMs: plan.timeouts.verifyMs,
      leaseMs: plan.leaseMs,
      step: index,
    }),
  );
  run.token = shifted.token;
  run.watch = startWatch({ failures: run.watch.failures });
  // Before the line is written, so that the recorded state says what the rollout does from now on.
  if (isJudged(step)) enter(run, 'soaking');
  await tell(run, 'step.verified', shifted.summary, { step: index, weight: step.weight });
}

/** The last step may have no soak: at 100 % the promotion follows at once. */
function isJudged(step: Step): boolean {
  return step.soakMs > 0 || step.weight < 100;
}

interface Soaked {
  readonly ending: Ending | null;
  /** What is left of the deadline; time in which people hold or pause does not count. */
  readonly budgetMs: number;
}

async function soak(run: Run, step: Step, budgetMs: number): Promise<Soaked> {
  for (;;) {
    if (!isJudged(step) && !isKept(run)) return { ending: run.wish.abort, budgetMs };
    if (run.wish.abort !== null) return { ending: run.wish.abort, budgetMs };
    if (run.wish.promote || run.wish.full) {
      run.wish.promote = false;
      return { ending: null, budgetMs };
    }
    const frozen = lookAround(run);
    const began = Date.now();
    const seen = await watchUntil(
      run,
      frozen ? null : step.soakMs,
      () => run.wish.changed,
      untilNext(run, frozen, budgetMs),
    );
    if (!frozen) budgetMs -= Date.now() - began;
    switch (seen.kind) {
      case 'soaked':
        // A person said stop just before it was over: it is not over until they let it go.
        if (isKept(run)) break;
        await tell(run, 'step.passed', `step ${run.state.step + 1} passed at ${step.weight} %`, {
          check: run.state.lastCheck,
        });
        return { ending: null, budgetMs };
      case 'failed':
        return { ending: { outcome: 'rolled-back', reason: seen.reason }, budgetMs };
      case 'hold-expired':
        return { ending: { outcome: 'aborted', reason: seen.reason }, budgetMs };
      case 'lost':
        return { ending: lostEnding(seen), budgetMs };
      case 'hold':
        enter(run, 'holding', { waitingFor: seen.why });
        await tell(run, 'hold.began', seen.reason, { why: seen.why, check: run.state.lastCheck });
        break;
      case 'cleared':
        await tell(run, 'hold.ended', 'the checks pass again');
        break;
      case 'timed-out':
        if (!frozen)
          return { ending: { outcome: 'aborted', reason: 'the deadline of the rollout passed' }, budgetMs };
        break;
      case 'woken':
      case 'interrupted':
        break;
    }
  }
}

/** Whether a person keeps the rollout where it is. */
function isKept(run: Run): boolean {
  const { hold } = run.state;
  if (hold?.until != null && Date.parse(hold.until) <= Date.now()) run.state = { ...run.state, hold: null };
  return run.wish.paused || run.state.hold !== null;
}

/** Takes note of what people asked meanwhile and shows it. Answers whether a person keeps the rollout where it is. */
function lookAround(run: Run): boolean {
  run.wish.changed = false;
  const frozen = isKept(run);
  const phase = frozen ? 'paused' : run.watch.holding !== null ? 'holding' : 'soaking';
  if (phase === run.state.phase) return frozen;
  const waitingFor = frozen ? (run.wish.paused ? 'resume' : 'release of the hold') : run.watch.holding;
  enter(run, phase, { waitingFor });
  return frozen;
}

/** Milliseconds until something has to be looked at again: the end of a forced hold, or the rollout's deadline. */
function untilNext(run: Run, frozen: boolean, budgetMs: number): number {
  const longest = 30 * 24 * 3600 * 1000;
  if (!frozen) return Math.max(1, budgetMs);
  const until = run.wish.paused ? null : (run.state.hold?.until ?? null);
  return until === null ? longest : Math.max(1, Date.parse(until) - Date.now());
}
