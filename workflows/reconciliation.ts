import {
  ActivityCancellationType,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
} from '@temporalio/workflow';
import type { ReconciliationActivities } from '../activities/reconciliation.ts';
import { believable } from './shared/believable.ts';
import { isRecord } from './shared/shape.ts';

const { sweep } = believable(
  proxyActivities<ReconciliationActivities>({
    taskQueue: 'watch',
    startToCloseTimeout: '30m',
    heartbeatTimeout: '8s',
    retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '10s' },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  }),
  { sweep: (result) => isRecord(result) && typeof result['note'] === 'string' },
);

const roundsPerRun = 100;

/**
 * Brings back in line what drifted: starts that were recorded but not made, commands and decisions that nobody heard, runs that
 * were terminated or reset in the Temporal UI, releases whose warm window is over. One per installation, for ever.
 */
export async function reconciliation(): Promise<void> {
  for (let round = 0; round < roundsPerRun; round += 1) {
    const { note } = await sweep({ forMs: 10 * 60 * 1000 });
    setCurrentDetails(note);
  }
  await continueAsNew<typeof reconciliation>();
}
