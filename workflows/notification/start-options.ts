import { TypedSearchAttributes } from '@temporalio/common';
import type { NotificationInput } from '../../contracts/notification.ts';
import { kindAttribute, projectAttribute, targetAttribute } from '../shared/search-attributes.ts';

/** A recorded delivery: all that is needed to start its workflow, now or after a crash. */
export interface RecordedDelivery {
  readonly id: string;
  readonly project: string;
  readonly channel: string;
  readonly event: string;
}

/** The queue of the notifications, so that a receiver that hangs keeps nothing else from its turn. */
export const notificationQueue = 'notifications';

/** Turns the row into the arguments of `client.workflow.start`. The id is made of the delivery's: a repeated start is the same run. */
export function startOptions({ id, project, channel, event }: RecordedDelivery, waitsMs: readonly number[]) {
  const input: NotificationInput = { deliveryId: id, project, waitsMs };
  return {
    type: 'notification',
    options: {
      workflowId: `notification/${project}/${id}`,
      taskQueue: notificationQueue,
      args: [input],
      // A run that was terminated is followed by another: the row decides whether there is something left to do.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
      workflowIdConflictPolicy: 'FAIL' as const,
      priority: { priorityKey: 3, fairnessKey: project },
      staticSummary: `${channel}: ${event}`,
      staticDetails: `Delivery ${id}. Ledger: \`holdfast notifications deliveries show ${id} --project ${project}\``,
      typedSearchAttributes: new TypedSearchAttributes([
        { key: projectAttribute, value: project },
        { key: targetAttribute, value: channel },
        { key: kindAttribute, value: 'notification' },
      ]),
    },
  };
}
