import { ulid } from 'ulid';
import type { NoticeFacts } from '../../contracts/notification.ts';
import { OpsError } from '../../domain/errors.ts';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';
import { violatedUnique } from '../failures.ts';
import { findResource, type IdempotencyKey } from '../idempotency.ts';
import { requireChannel } from './channel.ts';

export interface DeliveryRequest extends IdempotencyKey {
  readonly principal: string;
}

/** A message that tells about nothing, to see that a channel works. Answers the delivery's id; the same one for a repeated request. */
export async function requestTest(db: Db, request: DeliveryRequest, channel: string): Promise<string> {
  return once(db, request, async (tx, id) => {
    await requireChannel(tx, request.project, channel);
    const facts: NoticeFacts = {
      event: 'test',
      project: request.project,
      at: new Date().toISOString(),
      summary: `${request.principal} asked for a test of the channel ${channel}`,
      operation: null,
      outcome: null,
      gate: null,
    };
    const { project } = request;
    await insert(tx, { id, project, channel, event: 'test', operationId: null, replayOf: null, facts });
    await note(tx, request, { action: 'notification-channel.test', subject: channel, delivery: id });
  });
}

/** The same message once more, to the channel as it is now, as a delivery of its own that names the first. */
export async function requestReplay(db: Db, request: DeliveryRequest, deliveryId: string): Promise<string> {
  return once(db, request, async (tx, id) => {
    const { project } = request;
    const first = await tx
      .selectFrom('notification_delivery')
      .select(['channel', 'event', 'operation_id', 'replay_of', 'facts', 'state'])
      .where('project', '=', project)
      .where('id', '=', deliveryId)
      .executeTakeFirst();
    if (first === undefined)
      throw new OpsError('not-found', `there is no notification delivery ${deliveryId}`);
    if (first.state === 'pending') {
      throw new OpsError(
        'conflict',
        `the delivery ${deliveryId} is still being tried; replay it once it has ended`,
      );
    }
    await requireChannel(tx, project, first.channel);
    const { channel, event, operation_id: operationId, facts } = first;
    const replayOf = first.replay_of ?? deliveryId;
    await insert(tx, { id, project, channel, event, operationId, replayOf, facts });
    await note(tx, request, {
      action: 'notification-delivery.replay',
      subject: channel,
      delivery: id,
      replayOf,
    });
  });
}

/** Makes one delivery for a request, however often it comes. */
async function once(
  db: Db,
  request: DeliveryRequest,
  make: (tx: Db, id: string) => Promise<void>,
): Promise<string> {
  const earlier = await findResource(db, request);
  if (earlier !== null) return earlier;
  const id = ulid();
  const { project, key, fingerprint } = request;
  try {
    await db.transaction().execute(async (tx) => {
      await tx.insertInto('idempotency_key').values({ project, key, fingerprint, resource_id: id }).execute();
      await make(tx, id);
    });
    return id;
  } catch (error) {
    if (violatedUnique(error) !== 'idempotency_key_pkey') throw error;
    return (await findResource(db, request)) ?? id;
  }
}

interface NewDelivery {
  readonly id: string;
  readonly project: string;
  readonly channel: string;
  readonly event: string;
  readonly operationId: string | null;
  readonly replayOf: string | null;
  readonly facts: NoticeFacts;
}

async function insert(tx: Db, delivery: NewDelivery): Promise<void> {
  await tx
    .insertInto('notification_delivery')
    .values({
      id: delivery.id,
      project: delivery.project,
      channel: delivery.channel,
      event: delivery.event,
      event_key: `asked/${delivery.id}`,
      operation_id: delivery.operationId,
      replay_of: delivery.replayOf,
      facts: JSON.stringify(delivery.facts),
      reason: null,
      settled_at: null,
    })
    .execute();
}

async function note(
  tx: Db,
  { project, principal }: DeliveryRequest,
  { action, subject, ...detail }: { action: string; subject: string; delivery: string; replayOf?: string },
): Promise<void> {
  await audit(tx, { project, principal, action, subject, operationId: null, detail });
}
