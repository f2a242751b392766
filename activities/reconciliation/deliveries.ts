import { dueDeliveries, lookAgain } from '../../db/notification/ledger.ts';
import { usualWaitsMs } from '../../domain/notification/retry.ts';
import { startOptions } from '../../workflows/notification/start-options.ts';
import type { Sweeper } from './sweeper.ts';

const atOnce = 100;
const lookAgainMs = 10 * 60_000;

/**
 * A message is a row first: its workflow is started here, and again where it was terminated before the row said how it ended. Sweeping
 * twice, or two sweeps at once, start one run: the id is made of the delivery's.
 */
export async function startDeliveries(sweeper: Sweeper): Promise<number> {
  const due = await dueDeliveries(sweeper.db, atOnce);
  return sweeper.each(
    ({ id }) => `notification ${id}`,
    due,
    async (delivery) => {
      const { type, options } = startOptions(delivery, sweeper.notificationWaitsMs ?? usualWaitsMs);
      await sweeper.client.workflow.start(type, options).catch((error: unknown) => {
        if (!(error instanceof Error) || error.name !== 'WorkflowExecutionAlreadyStartedError') throw error;
      });
      await lookAgain(sweeper.db, delivery.id, lookAgainMs);
    },
  );
}
