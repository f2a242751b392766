import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { NotificationActivities } from '../../activities/notification/index.ts';
import { believable } from '../shared/believable.ts';
import { isRecord } from '../shared/shape.ts';

/**
 * The sending, as many times as there are waits and once more. How long each wait is, the activity says with its failure: the plan's
 * time with some chance added, or what the receiver asked for. The times here are for a worker that died and said nothing.
 */
export function sender(waitsMs: readonly number[]): Pick<NotificationActivities, 'deliver'> {
  return believable(
    proxyActivities<Pick<NotificationActivities, 'deliver'>>({
      startToCloseTimeout: '30s',
      retry: {
        initialInterval: Math.max(1, waitsMs[0] ?? 1000),
        backoffCoefficient: 2,
        maximumInterval: '24h',
        maximumAttempts: waitsMs.length + 1,
      },
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    }),
    { deliver: (result) => isRecord(result) && typeof result['state'] === 'string' },
  );
}

/** The end of a delivery is written until it stands. */
export const records = proxyActivities<Pick<NotificationActivities, 'settleDelivery'>>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});
