import { ulid } from 'ulid';
import type { RolloutHouse } from '../rollout-house.ts';

const workflowTaskCompleted = 7;

/** What "Reset" in the Temporal UI does, to the earliest point there is. Answers the id of the new run. */
export async function resetToFirstTask(house: RolloutHouse, workflowId: string): Promise<string> {
  const { client, connection, namespace } = house;
  const { runId } = await client.workflow.getHandle(workflowId).describe();
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const first = events?.find((event) => Number(event.eventType) === workflowTaskCompleted);
  if (first?.eventId == null) throw new Error(`${workflowId} has no finished workflow task to reset to`);
  const reset = await connection.workflowService.resetWorkflowExecution({
    namespace,
    workflowExecution: { workflowId, runId },
    reason: 'a test resets it',
    workflowTaskFinishEventId: first.eventId,
    requestId: ulid(),
  });
  return reset.runId;
}
