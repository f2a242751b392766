import { activityInfo, cancellationDetails, getClient } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { recordAttempts } from '../db/approval/attempt.ts';
import type { Db } from '../db/connect.ts';

/**
 * Notices that somebody has put a result in the place of a running activity's own, from Temporal's UI, its command line or raw gRPC:
 * the server does not know the activity any more though its run goes on. It approves nothing, since every act reads its approvals from
 * their rows, and it is written down as an attempt.
 */
export function createForgedResultWatch(db: Db): ActivityInboundCallsInterceptor {
  return {
    async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>) {
      try {
        return await next(input);
      } finally {
        if (cancellationDetails()?.notFound === true) await writeDown(db, input).catch(() => undefined);
      }
    },
  };
}

async function writeDown(db: Db, input: ActivityExecuteInput): Promise<void> {
  const operationId = (input.args[0] as { operationId?: unknown } | undefined)?.operationId;
  const { activityId, activityType, workflowExecution } = activityInfo();
  if (typeof operationId !== 'string' || workflowExecution === undefined) return;
  const identity = await whoAnswered(workflowExecution, activityId);
  if (identity === null) return;
  const detail = { activityId, run: workflowExecution.runId };
  const what = `activity result of ${activityType} that the worker did not give`;
  await recordAttempts(db, operationId, [{ what, detail, identity: identity.slice(0, 100), place: null }]);
}

/** Who ended the activity in its place; null when nobody did: it timed out, or its run has ended or was reset. */
async function whoAnswered(
  { workflowId, runId }: { workflowId: string; runId: string },
  activityId: string,
): Promise<string | null> {
  const { events } = await getClient().workflow.getHandle(workflowId, runId).fetchHistory();
  const scheduled = events?.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityId === activityId,
  )?.eventId;
  for (const event of events ?? []) {
    const end = event.activityTaskCompletedEventAttributes ?? event.activityTaskFailedEventAttributes;
    if (end?.scheduledEventId != null && String(end.scheduledEventId) === String(scheduled))
      return end.identity ?? '';
  }
  return null;
}
