import { sql } from 'kysely';
import type { DeliveryState } from '../../contracts/notification.ts';
import { audit } from '../audit.ts';
import { isAsked } from '../approval/waiting.ts';
import type { Db } from '../connect.ts';

/** A delivery with its channel as it is now (null: removed), and whether what it asks was answered; null when it is unknown. */
export async function readDelivery(db: Db, id: string) {
  const delivery = await db
    .selectFrom('notification_delivery')
    .select(['id', 'project', 'channel', 'event', 'operation_id', 'replay_of', 'facts', 'state', 'reason'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (delivery === undefined) return null;
  const channel = await db
    .selectFrom('notification_channel')
    .select(['kind', 'target', 'secret', 'sender', 'enabled'])
    .where('project', '=', delivery.project)
    .where('name', '=', delivery.channel)
    .executeTakeFirst();
  const { operation_id: operationId, facts } = delivery;
  const isAnswered = await isGateAnswered(db, operationId, facts.gate?.subject ?? null);
  return { ...delivery, channel: channel ?? null, isAnswered };
}

/** Also true when the operation is over; a gate that one of two has approved still waits. */
async function isGateAnswered(db: Db, operationId: string | null, subject: string | null): Promise<boolean> {
  if (operationId === null || subject === null) return false;
  return !(await isAsked(db, operationId, subject));
}

/** Notes that an attempt begins; what is known of it is added when it ends. Answers its number. */
export async function beginAttempt(db: Db, deliveryId: string): Promise<number> {
  const { attempt } = await db
    .insertInto('notification_attempt')
    .values((eb) => ({
      delivery_id: deliveryId,
      attempt: eb
        .selectFrom('notification_attempt')
        .select((last) =>
          last(last.fn.coalesce(last.fn.max('attempt'), last.lit(0)), '+', last.lit(1)).as('next'),
        )
        .where('delivery_id', '=', deliveryId),
      result: null,
      status: null,
      error: null,
      duration_ms: null,
    }))
    .returning('attempt')
    .executeTakeFirstOrThrow();
  return attempt;
}

export interface AttemptEnd {
  readonly deliveryId: string;
  readonly attempt: number;
  readonly result: 'accepted' | 'refused' | 'failed';
  readonly status: number | null;
  readonly error: string | null;
  readonly durationMs: number;
}

/** Writes how an attempt ended, and with it the end of the delivery where that is one. */
export async function endAttempt(db: Db, end: AttemptEnd): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .updateTable('notification_attempt')
      .set({
        result: end.result,
        status: end.status,
        error: end.error,
        duration_ms: Math.round(end.durationMs),
      })
      .where('delivery_id', '=', end.deliveryId)
      .where('attempt', '=', end.attempt)
      .execute();
    if (end.result === 'accepted') await settle(tx, end.deliveryId, 'delivered', end.error);
    if (end.result === 'refused') await settle(tx, end.deliveryId, 'refused', end.error);
  });
}

type FinalState = Exclude<DeliveryState, 'pending'>;

/** Ends a delivery; the first end stays. */
export async function settleDelivery(
  db: Db,
  id: string,
  state: FinalState,
  reason: string | null,
): Promise<void> {
  await db.transaction().execute((tx) => settle(tx, id, state, reason));
}

async function settle(tx: Db, id: string, state: FinalState, reason: string | null): Promise<void> {
  const ended = await tx
    .updateTable('notification_delivery')
    .set({ state, reason, settled_at: new Date() })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .returning(['project', 'channel', 'event', 'operation_id'])
    .executeTakeFirst();
  if (ended === undefined) return;
  await audit(tx, {
    project: ended.project,
    principal: 'holdfast',
    action: `notification-delivery.${state}`,
    subject: ended.channel,
    operationId: ended.operation_id,
    detail: { delivery: id, event: ended.event },
  });
}

/** Deliveries that no workflow was made sure of lately, oldest first. */
export async function dueDeliveries(db: Db, limit: number) {
  return db
    .selectFrom('notification_delivery')
    .select(['id', 'project', 'channel', 'event'])
    .where('state', '=', 'pending')
    .where('look_at', '<=', sql<Date>`now()`)
    .orderBy('look_at')
    .limit(limit)
    .execute();
}

/** A workflow works for the delivery; it is looked at again after `ms`: the run may have been terminated by then. */
export async function lookAgain(db: Db, id: string, ms: number): Promise<void> {
  await db
    .updateTable('notification_delivery')
    .set({ look_at: sql<Date>`now() + ${ms} * interval '1 ms'` })
    .where('id', '=', id)
    .execute();
}
