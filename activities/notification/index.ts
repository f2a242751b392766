import type { DeliveryState } from '../../contracts/notification.ts';
import type { Db } from '../../db/connect.ts';
import { settleDelivery } from '../../db/notification/ledger.ts';
import type { Notifiers } from '../../providers/notifier/notifier.ts';
import type { Secrets } from '../../providers/secret/secret.ts';
import { createDelivery } from './deliver.ts';

/** What the sending of messages works with; given by the worker, replaced by twins in tests. */
export interface NotificationTools {
  readonly db: Db;
  readonly notifiers: Notifiers;
  readonly secrets: Secrets;
  /** Where browsers reach Holdfast; null: messages have no link. */
  readonly publicUrl: string | null;
  /** 0 to 1, spreads attempts in time. */
  readonly chance: () => number;
}

export interface SettleInput {
  readonly deliveryId: string;
  readonly state: Exclude<DeliveryState, 'pending'>;
  readonly reason: string;
}

export function createNotificationActivities(tools: NotificationTools) {
  return {
    ...createDelivery(tools),

    /** Ends a delivery that was given up or cancelled; the first end stays. */
    async settleDelivery({ deliveryId, state, reason }: SettleInput): Promise<void> {
      await settleDelivery(tools.db, deliveryId, state, reason);
    },
  };
}

export type NotificationActivities = ReturnType<typeof createNotificationActivities>;
