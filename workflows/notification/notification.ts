import { CancellationScope, isCancellation, setCurrentDetails } from '@temporalio/workflow';
import type { NotificationInput } from '../../contracts/notification.ts';
import { reasonOf } from '../shared/failure.ts';
import { records, sender } from './hands.ts';

export interface NotificationResult {
  readonly state: string;
  readonly reason: string | null;
}

/** Tells one thing over one channel: tries for as long as the waits last, then gives up and says so. Cancelling it stops the trying. */
export async function notification(input: NotificationInput): Promise<NotificationResult> {
  const { deliveryId, waitsMs, project } = input;
  setCurrentDetails(`Ledger: \`holdfast notifications deliveries show ${deliveryId} --project ${project}\``);
  try {
    const { state, reason } = await sender(waitsMs).deliver({ deliveryId, waitsMs });
    return { state, reason };
  } catch (error) {
    return CancellationScope.nonCancellable(() => end(input, error));
  }
}

async function end({ deliveryId, waitsMs }: NotificationInput, error: unknown): Promise<NotificationResult> {
  const ended = isCancellation(error)
    ? ({ state: 'cancelled', reason: 'the workflow was cancelled' } as const)
    : ({ state: 'gave-up', reason: `${waitsMs.length + 1} attempts failed: ${reasonOf(error)}` } as const);
  await records.settleDelivery({ deliveryId, ...ended });
  return ended;
}
