import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';

const startLimitMs = 2000;
const queryLimitMs = 1000;

/** What the start options of an operation's workflow say; the memo tells whose run it is, since the id belongs to the target. */
interface Start {
  readonly type: string;
  readonly options: Parameters<Client['workflow']['start']>[1] & {
    readonly workflowId: string;
    readonly memo: { readonly operationId: string };
  };
}

/**
 * Starts the workflow of a row. Answers true once its own run exists, also when somebody else started it; false when Temporal
 * does not answer or the run before it has not quite ended: the row waits and the reconciler starts it.
 */
export async function startWorkflow(client: Client, { type, options }: Start): Promise<boolean> {
  const deadline = Date.now() + startLimitMs;
  while (Date.now() < deadline) {
    try {
      await client.withDeadline(deadline, () => client.workflow.start(type, options));
      return true;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      if (await isRunOf(client, options.workflowId, options.memo.operationId)) return true;
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
export async function queryState<State>(client: Client, workflowId: string): Promise<State | null> {
  try {
    return await client.withDeadline(Date.now() + queryLimitMs, () =>
      client.workflow.getHandle(workflowId).query<State>('state'),
    );
  } catch {
    return null;
  }
}
