import type { ApiDependencies } from './dependencies.ts';

interface Delivery {
  readonly workflowId: string;
  readonly commandId: string;
  /** How long to wait for the workflow's answer, in milliseconds. */
  readonly limitMs: number;
}

/**
 * Hands a recorded command to its workflow and waits for the answer. Whatever goes wrong here is no error: the row is durable and
 * is delivered again until it is settled, under the same update id.
 */
export async function deliverCommand(dependencies: ApiDependencies, delivery: Delivery): Promise<void> {
  const { workflowId, commandId, limitMs } = delivery;
  try {
    const client = await dependencies.temporal();
    await client.withDeadline(Date.now() + limitMs, () =>
      client.workflow.getHandle(workflowId).executeUpdate<unknown, [{ commandId: string }]>('command', {
        updateId: commandId,
        args: [{ commandId }],
      }),
    );
  } catch (error) {
    dependencies.logger?.info({ err: error, workflowId, commandId }, 'command not answered yet');
  }
}
