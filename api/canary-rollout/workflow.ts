import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CanaryRolloutState } from '../../contracts/canary-rollout.ts';
import { startOptions, type RecordedRollout } from '../../workflows/canary-rollout/start-options.ts';

const startLimitMs = 2000;
const queryLimitMs = 1000;

/**
 * Starts the workflow of a row. Answers true once its own run exists, also when somebody else started it; false when Temporal
 * does not answer or the run before it has not quite ended: the row waits and the reconciler starts it.
 */
export async function startRolloutWorkflow(
  client: Client,
  row: RecordedRollout,
  taskQueue: string,
): Promise<boolean> {
  const { type, options } = startOptions(row, taskQueue);
  const deadline = Date.now() + startLimitMs;
  while (Date.now() < deadline) {
    try {
      await client.withDeadline(deadline, () => client.workflow.start(type, options));
      return true;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      if (await isRunOf(client, row.workflowId, row.operationId)) return true;
      await sleep(100);
    }
  }
  return false;
}

async function isRunOf(client: Client, workflowId: string, operationId: string): Promise<boolean> {
  try {
    const description = await client.workflow.getHandle(workflowId).describe();
    return description.memo?.operationId === operationId;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** The live state, or null when no worker or no Temporal answers within a second, or the run is another one. */
export async function queryState(client: Client, workflowId: string): Promise<CanaryRolloutState | null> {
  try {
    return await client.withDeadline(Date.now() + queryLimitMs, () =>
      client.workflow.getHandle(workflowId).query<CanaryRolloutState>('state'),
    );
  } catch {
    return null;
  }
}
