import { cancellationSignal } from '@temporalio/activity';
import type { DeliveryState, NoticeFacts } from '../../contracts/notification.ts';
import { beginAttempt, endAttempt, readDelivery, settleDelivery } from '../../db/notification/ledger.ts';
import { OpsError } from '../../domain/errors.ts';
import { haltOf } from '../../domain/notification/halt.ts';
import { waitAfter } from '../../domain/notification/retry.ts';
import { noticeOf } from '../../domain/notification/texts.ts';
import type { Answer } from '../../providers/notifier/notifier.ts';
import type { NotificationTools } from './index.ts';

export interface DeliverInput {
  readonly deliveryId: string;
  readonly waitsMs: readonly number[];
}

export interface DeliveryEnd {
  readonly state: DeliveryState;
  readonly reason: string | null;
}

export function createDelivery({ db, notifiers, secrets, publicUrl, chance }: NotificationTools) {
  /**
   * One attempt, entered into the ledger before it begins. Repeated after its end was written it sends nothing; repeated before that, the
   * message goes out again under the same id. Throws what is worth another attempt, with the time until then.
   */
  async function deliver({ deliveryId, waitsMs }: DeliverInput): Promise<DeliveryEnd> {
    const delivery = await readDelivery(db, deliveryId);
    if (delivery === null) throw new OpsError('not-found', `there is no notification delivery ${deliveryId}`);
    if (delivery.state !== 'pending') return { state: delivery.state, reason: delivery.reason };
    const halt = haltOf({ ...delivery, isReplay: delivery.replay_of !== null });
    if (halt !== null) {
      await settleDelivery(db, deliveryId, halt.state, halt.reason);
      return halt;
    }
    const attempt = await beginAttempt(db, deliveryId);
    const began = performance.now();
    const answer = await send(delivery);
    const end = { deliveryId, attempt, durationMs: performance.now() - began };
    switch (answer.kind) {
      case 'accepted':
        await endAttempt(db, { ...end, result: 'accepted', status: answer.status, error: answer.note });
        return { state: 'delivered', reason: answer.note };
      case 'refused':
        await endAttempt(db, { ...end, result: 'refused', status: answer.status, error: answer.reason });
        return { state: 'refused', reason: answer.reason };
      case 'failed': {
        await endAttempt(db, { ...end, result: 'failed', status: answer.status, error: answer.reason });
        const { retryAfterMs } = answer;
        const wait = waitAfter(attempt, waitsMs, { retryAfterMs, chance: chance() });
        throw new OpsError('unavailable', answer.reason, { retryAfterMs: wait });
      }
    }
  }

  async function send(delivery: Delivery): Promise<Answer> {
    const { id, channel, replay_of: replayOf } = delivery;
    if (channel === null) return { kind: 'refused', status: null, reason: 'the channel was removed' };
    const secret = await readSecret(channel.secret);
    if (secret.problem !== null)
      return { kind: 'failed', status: null, reason: secret.problem, retryAfterMs: null };
    const notice = noticeOf(delivery.facts, { id, replayOf, publicUrl });
    const { target, sender } = channel;
    const to = { target, sender, secret: secret.text };
    const answer = await notifiers[channel.kind].deliver(notice, to, cancellationSignal());
    return withoutSecret(answer, secret.text);
  }

  async function readSecret(reference: string | null): Promise<{ text: string; problem: string | null }> {
    if (reference === null) return { text: '', problem: 'the channel names no secret' };
    try {
      return { text: await secrets.read(reference), problem: null };
    } catch (error) {
      return {
        text: '',
        problem: error instanceof OpsError ? error.message : 'the secret could not be read',
      };
    }
  }

  return { deliver };
}

interface Delivery {
  readonly id: string;
  readonly replay_of: string | null;
  readonly facts: NoticeFacts;
  readonly channel: NonNullable<Awaited<ReturnType<typeof readDelivery>>>['channel'];
}

/** A receiver may answer with what it was sent: the ledger and the history are read by more people than the secret. */
function withoutSecret(answer: Answer, secret: string): Answer {
  const clean = (text: string): string =>
    secret
      .split(/\s+/)
      .reduce((rest, part) => (part.length < 4 ? rest : rest.replaceAll(part, '[secret]')), text);
  if (answer.kind !== 'accepted') return { ...answer, reason: clean(answer.reason) };
  return { ...answer, note: answer.note === null ? null : clean(answer.note) };
}
