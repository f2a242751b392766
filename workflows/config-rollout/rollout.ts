import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  patched,
} from '@temporalio/workflow';
import type { ConfigRolloutInput, ConfigRolloutOutcome } from '../../contracts/config-rollout.ts';
import { shortRevision } from '../../domain/config-rollout/texts.ts';
import { codeOf, reasonOf } from '../shared/failure.ts';
import { abortable, withDeadline } from './attention.ts';
import { listen } from './handlers.ts';
import { forward, records, safety } from './hands.ts';
import { goBack } from './go-back.ts';
import { enter, openRun, summaryOf, tell, type Ending, type Run } from './run.ts';
import { goThroughWaves } from './waves.ts';

export interface ConfigRolloutResult {
  readonly outcome: ConfigRolloutOutcome;
  readonly reason: string;
}

/** The story of one configuration: own the fleet, ask once more whether it is valid, bring it wave by wave, settle or go back. */
export async function configRollout(input: ConfigRolloutInput): Promise<ConfigRolloutResult> {
  const run = openRun(input);
  listen(run);

  const ending = await attempt(run);

  await CancellationScope.nonCancellable(async () => {
    const outcome = ending === null ? await settle(run) : await undo(run, ending);
    await close(run, outcome);
    await condition(allHandlersFinished);
  });
  return { outcome: run.state.outcome ?? 'failed', reason: run.state.reason ?? '' };
}

/** Goes forward. Answers how it has to end when it cannot, null once every wave has it. */
async function attempt(run: Run): Promise<Ending | null> {
  try {
    const ending = await withDeadline(
      run.input.plan.deadlineMs,
      () => (run.wish.abort ??= { outcome: 'aborted', reason: 'the deadline of the rollout passed' }),
      () => goForward(run),
    );
    return ending ?? lateEnding(run);
  } catch (error) {
    return endingOf(run, error);
  }
}

async function goForward(run: Run): Promise<Ending | null> {
  await begin(run);
  await abortable(run, () => forward.ownProxies({ operationId: run.input.operationId }));
  await validate(run);
  return goThroughWaves(run);
}

async function begin(run: Run): Promise<void> {
  const { operationId, environment, revision, base, mode } = run.input;
  await records.beginOperation({ operationId });
  const from = base === null ? '' : `, from ${shortRevision(base)}`;
  const what = mode === 'rollback' ? 'rollback' : 'rollout';
  await tell(run, 'rollout.started', `${what} of ${environment} to ${shortRevision(revision)}${from}`, {
    ...{ revision, base, plan: run.input.plan },
  });
}

/** What ran before is not asked again: there is nothing better to go back to. */
async function validate(run: Run): Promise<void> {
  if (run.input.mode === 'rollback') return;
  enter(run, 'validating');
  const { operationId } = run.input;
  const { summary } = await abortable(run, () => forward.validateRevision({ operationId }));
  await tell(run, 'revision.validated', summary);
}

async function settle(run: Run): Promise<Ending | null> {
  enter(run, 'settling');
  await safety.settleEnvironment({ operationId: run.input.operationId });
  return null;
}

/** Each wave that was ordered goes back, once. Of a rollback none does: what it brings was there before. */
async function undo(run: Run, ending: Ending): Promise<Ending> {
  enter(run, 'rolling-back', { reason: ending.reason, gate: null });
  await tell(run, `ended.${ending.outcome}`, ending.reason);
  if (run.input.mode === 'rollout') return goBack(run, ending);
  return ending.outcome === 'rolled-back' ? { ...ending, outcome: 'failed' } : ending;
}

async function close(run: Run, ending: Ending | null): Promise<void> {
  const { operationId, environment, revision } = run.input;
  await safety.disownProxies({ operationId });
  const outcome = ending?.outcome ?? 'completed';
  const reason = ending?.reason ?? `${environment} runs ${shortRevision(revision)}`;
  enter(run, 'done', { outcome, reason, gate: null });
  await tell(run, 'rollout.closed', summaryOf(run));
  await records.closeOperation({ operationId, outcome, summary: summaryOf(run) });
}

/** What was accepted while the last line of the last wave was written counts, and so does a cancel that ended the watch of it. */
function lateEnding(run: Run): Ending | null {
  const isCancelled = CancellationScope.current().consideredCancelled;
  if ((run.wish.abort === null && !isCancelled) || !patched('late-ending')) return null;
  return run.wish.abort ?? cancelled;
}

const cancelled: Ending = { outcome: 'cancelled', reason: 'the workflow was cancelled' };

function endingOf(run: Run, error: unknown): Ending {
  if (run.wish.abort !== null) return run.wish.abort;
  if (isCancellation(error) || CancellationScope.current().consideredCancelled) return cancelled;
  const reason = reasonOf(error);
  switch (codeOf(error)) {
    case 'invalid-input':
      return { outcome: 'rejected', reason };
    case 'stopped':
      return { outcome: 'aborted', reason };
    default:
      return { outcome: 'failed', reason };
  }
}
