import { allHandlersFinished, CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { CanaryOutcome, CanaryRolloutInput } from '../../contracts/canary-rollout.ts';
import { shortRevision } from '../../domain/config-rollout/texts.ts';
import { codeOf, reasonOf } from '../shared/failure.ts';
import { abortable } from './attention.ts';
import { climb } from './climb.ts';
import { bringConfig, patiently, restoreConfig } from './config.ts';
import { listen } from './handlers.ts';
import { forward, records, safety } from './hands.ts';
import { enter, openRun, summaryOf, tell, type Ending, type Run } from './run.ts';

export interface CanaryRolloutResult {
  readonly outcome: CanaryOutcome;
  readonly reason: string;
}

/** Each step of the way back, registered before the step it undoes; carried out in reverse, never cancelled, never given up. */
type Compensation = (run: Run) => Promise<void>;

/** The story of one canary rollout: bring the version up, shift requests to it step by step while it is judged, promote or undo. */
export async function canaryRollout(input: CanaryRolloutInput): Promise<CanaryRolloutResult> {
  const run = openRun(input);
  const compensations: Compensation[] = [];
  listen(run);

  const ending = await attempt(run, compensations);

  await CancellationScope.nonCancellable(async () => {
    if (ending !== null) await undo(run, ending, compensations);
    await close(run, ending);
    await condition(allHandlersFinished);
  });
  return { outcome: run.state.outcome ?? 'failed', reason: run.state.reason ?? '' };
}

/** Goes forward. Answers how it has to end when it cannot, null once the version is promoted. */
async function attempt(run: Run, compensations: Compensation[]): Promise<Ending | null> {
  try {
    await begin(run);
    await bringUp(run, compensations);
    await takeTarget(run, compensations);
    const ending = (await bringConfig(run)) ?? (await climb(run));
    if (ending !== null) return ending;
    await abortable(run, () => promote(run));
    return null;
  } catch (error) {
    return endingOf(run, error);
  }
}

async function begin(run: Run): Promise<void> {
  const { version, stableVersion, service } = run.input;
  const over =
    stableVersion === null ? 'as its first release: nothing to compare with' : `over ${stableVersion}`;
  await records.beginOperation({ operationId: run.input.operationId });
  await tell(run, 'rollout.started', `rollout of ${service} ${version} ${over}`, { plan: run.input.plan });
}

async function bringUp(run: Run, compensations: Compensation[]): Promise<void> {
  const { operationId, plan } = run.input;
  compensations.push(removeRelease);
  enter(run, 'health-check');
  const { summary } = await abortable(run, () =>
    forward.bringUpRelease({ operationId, healthMs: plan.timeouts.healthMs }),
  );
  await tell(run, 'release.healthy', summary);
}

async function takeTarget(run: Run, compensations: Compensation[]): Promise<void> {
  if (run.input.config === undefined) compensations.push(restoreTraffic);
  else compensations.push(proveTraffic, restoreConfig, restoreTrafficFirst);
  const target = await abortable(run, () => forward.acquireTarget({ operationId: run.input.operationId }));
  run.token = target.token;
}

async function promote(run: Run): Promise<void> {
  const { operationId, plan, version } = run.input;
  enter(run, 'promoting');
  const promoted = await forward.promoteRelease({
    operationId,
    token: run.token,
    changeId: `${operationId}/promote`,
    verifyMs: plan.timeouts.verifyMs,
  });
  run.token = promoted.token;
  run.state = { ...run.state, weight: 100 };
  await tell(run, 'release.promoted', promoted.summary, { version });
}

/** Canary to weight 0 first, proven; nothing is removed while it still receives requests. */
async function restoreTraffic(run: Run): Promise<void> {
  const { operationId } = run.input;
  const restored = await safety.restoreStable({ operationId, changeId: `${operationId}/restore` });
  run.token = restored.token;
  run.state = { ...run.state, weight: 0 };
  await tell(run, 'traffic.restored', restored.summary);
}

/** The same where a configuration came as well: begun before all else, and waited for as long as it makes sense. */
async function restoreTrafficFirst(run: Run): Promise<void> {
  run.lowering = restoreTraffic(run);
  await patiently(run, run.lowering);
}

async function proveTraffic(run: Run): Promise<void> {
  await run.lowering;
}

async function removeRelease(run: Run): Promise<void> {
  const { operationId, plan } = run.input;
  const removed = await safety.removeRelease({ operationId, token: run.token, drainMs: plan.drainDelayMs });
  await tell(run, 'release.removed', removed.summary);
}

async function undo(run: Run, ending: Ending, compensations: Compensation[]): Promise<void> {
  enter(run, 'rolling-back', { reason: ending.reason, gate: null });
  // The reason is told after the first compensation: taking the canary off comes before writing about it.
  const [first, ...rest] = compensations.reverse();
  await first?.(run);
  await tell(run, `ended.${ending.outcome}`, ending.reason);
  for (const compensation of rest) await compensation(run);
}

async function close(run: Run, ending: Ending | null): Promise<void> {
  const { version, stableVersion } = run.input;
  const compared = stableVersion === null ? `; nothing was compared, it is the first release` : '';
  const outcome = ending?.outcome ?? 'promoted';
  const back = run.restored === null ? '' : `; ${run.restored}`;
  enter(run, 'done', {
    outcome,
    reason:
      ending === null
        ? `${version} serves everything${withConfig(run)}${compared}`
        : `${ending.reason}${back}`,
    gate: null,
  });
  await tell(run, 'rollout.closed', summaryOf(run));
  await records.closeOperation({ operationId: run.input.operationId, outcome, summary: summaryOf(run) });
}

function withConfig({ input: { config }, state }: Run): string {
  if (config === undefined) return '';
  return ` with configuration ${shortRevision(config.revision)} (hash ${state.configHash?.slice(0, 12) ?? ''})`;
}

function endingOf(run: Run, error: unknown): Ending {
  if (run.wish.abort !== null) return run.wish.abort;
  if (isCancellation(error) || CancellationScope.current().consideredCancelled)
    return { outcome: 'cancelled', reason: 'the workflow was cancelled' };
  if (codeOf(error) === 'stopped') return { outcome: 'stopped', reason: reasonOf(error) };
  // Somebody or something took the canary off meanwhile: the lease was lost, or the target moved on.
  const code = codeOf(error);
  if (code === 'fenced' || code === 'lease-lost') return { outcome: 'rolled-back', reason: reasonOf(error) };
  return { outcome: 'failed', reason: reasonOf(error) };
}
