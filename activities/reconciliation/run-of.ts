import { isGone } from './gone.ts';
import type { Sweeper } from './sweeper.ts';

/** The run that works for an operation; `runId` is null when none does any more. */
export interface RunOf {
  readonly status: string;
  readonly runId: string | null;
}

/** Asks Temporal which run works for an operation. */
export async function runOf(
  { client }: Sweeper,
  operation: { readonly id: string; readonly workflow_id: string },
): Promise<RunOf> {
  try {
    const { status, runId, memo } = await client.workflow.getHandle(operation.workflow_id).describe();
    // The id belongs to the target: the newest run may be one of an older operation that somebody reset.
    if (memo?.['operationId'] !== operation.id) return { status: 'REPLACED', runId: null };
    return { status: status.name, runId: status.name === 'RUNNING' ? runId : null };
  } catch (error) {
    if (isGone(error)) return { status: 'not to be found', runId: null };
    throw error;
  }
}
