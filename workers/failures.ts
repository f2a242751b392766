import { activityInfo, ApplicationFailure, getClient } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { markStuck } from '../db/operation-progress.ts';
import type { Db } from '../db/connect.ts';
import { errorRow, OpsError } from '../domain/errors.ts';

const stuckFromAttempt = 3;
/** A step that looks for long before it fails, like the proof of a restore, is stuck before its third attempt. */
const stuckAfterMs = 15_000;

/** The one mapper from our errors to Temporal's failures. An activity that keeps failing marks its operation stuck, and clears it. */
export function createFailureInterceptor(db: Db): ActivityInboundCallsInterceptor {
  return {
    async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>) {
      try {
        const result = await next(input);
        if (activityInfo().attempt > 1) await showStuck(db, input, null);
        return result;
      } catch (error) {
        if (keepsFailing(error)) {
          await showStuck(db, input, `${activityInfo().activityType}: ${messageOf(error)}`);
        }
        throw toFailure(error);
      }
    },
  };
}

function keepsFailing(error: unknown): boolean {
  const { attempt, scheduledTimestampMs } = activityInfo();
  if (attempt >= stuckFromAttempt) return true;
  const isRetried = error instanceof OpsError && errorRow(error.code).retryable;
  return isRetried && Date.now() - scheduledTimestampMs > stuckAfterMs;
}

export function toFailure(error: unknown): unknown {
  if (!(error instanceof OpsError)) return error;
  const row = errorRow(error.code);
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: !row.retryable,
    nextRetryDelay: retryAfterMsOf(error) ?? row.retryAfterMs,
    details: [error.detail],
    cause: error.cause instanceof Error ? error.cause : undefined,
  });
}

/** What the failure itself says about when to come again, in milliseconds. */
function retryAfterMsOf({ detail }: OpsError): number | undefined {
  const { retryAfterMs } = detail;
  return typeof retryAfterMs === 'number' ? retryAfterMs : undefined;
}

async function showStuck(db: Db, input: ActivityExecuteInput, note: string | null): Promise<void> {
  const operationId = (input.args[0] as { operationId?: unknown } | undefined)?.operationId;
  const workflowId = activityInfo().workflowExecution?.workflowId;
  if (typeof operationId !== 'string' || workflowId === undefined || activityInfo().isLocal) return;
  try {
    if (!(await markStuck(db, operationId, note))) return;
    await getClient()
      .workflow.getHandle(workflowId)
      .signal('stuck', { note: note?.slice(0, 400) ?? null });
  } catch {
    // Showing trouble must not cause more of it: the activity's own failure is what counts.
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
