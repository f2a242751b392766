import type { Connection } from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import { searchAttributes } from '../../../infra/temporal/command.ts';

const keyword = 2;

/** A namespace of one's own: the names of our task queues are fixed, so two houses on one server need two namespaces. */
export async function makeNamespace(connection: Connection, namespace: string): Promise<void> {
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  const attributes = Object.fromEntries(searchAttributes.map((name) => [name, keyword]));
  await untilItWorks(() =>
    connection.operatorService.addSearchAttributes({ namespace, searchAttributes: attributes }),
  );
  await untilItWorks(() =>
    connection.workflowService.countWorkflowExecutions({ namespace, query: 'HoldfastPhase = "none"' }),
  );
}

/** A new namespace is known to every part of the server only after a moment. */
async function untilItWorks(call: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      await call();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(100);
    }
  }
}
