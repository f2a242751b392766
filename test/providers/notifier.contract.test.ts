import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEmailNotifier } from '../../providers/notifier/email.ts';
import { createMemoryNotifier } from '../../providers/notifier/memory.ts';
import type { Answer, Notifier } from '../../providers/notifier/notifier.ts';
import { createSlackNotifier } from '../../providers/notifier/slack.ts';
import { createWebhookNotifier } from '../../providers/notifier/webhook.ts';
import { startMailServer } from '../support/receivers/mail.ts';
import { gateNotice } from '../support/receivers/notice.ts';
import type { Manner, Receiver } from '../support/receivers/receiver.ts';
import { startFakeSlack } from '../support/receivers/slack.ts';
import { startWebhookReceiver } from '../support/receivers/webhook.ts';

/** One suite for every kind of channel, over its real protocol, and for the twin. */
interface Subject {
  readonly notifier: Notifier;
  readonly receiver: Receiver;
}

const patientMs = 10_000;
const impatientMs = 300;

const kinds: Readonly<Record<string, (limitMs: number) => Promise<Subject>>> = {
  async webhook(limitMs) {
    const receiver = await startWebhookReceiver();
    return { receiver, notifier: createWebhookNotifier({ privateAddresses: 'loopback', limitMs }) };
  },
  async slack(limitMs) {
    const receiver = await startFakeSlack();
    return { receiver, notifier: createSlackNotifier({ apiUrl: receiver.apiUrl, limitMs }) };
  },
  async email(limitMs) {
    return { receiver: await startMailServer(), notifier: createEmailNotifier({ limitMs }) };
  },
  memory: (limitMs) => Promise.resolve(twin(limitMs)),
};

describe.each(Object.entries(kinds))('%s', (kind, open) => {
  let notifier: Notifier;
  let receiver: Receiver;
  beforeEach(async () => {
    ({ notifier, receiver } = await open(patientMs));
  });
  afterEach(() => receiver.close());

  const deliver = (notice = gateNotice(), over: { secret?: string; signal?: AbortSignal } = {}) =>
    notifier.deliver(
      notice,
      { target: receiver.target, secret: over.secret ?? receiver.secret, sender: null },
      over.signal ?? new AbortController().signal,
    );

  test('a message arrives with its id, what, until when, and how to continue', async () => {
    const notice = gateNotice();

    const answer = await deliver(notice);

    expect(answer).toMatchObject({ kind: 'accepted' });
    const [message, ...more] = receiver.received();
    expect(more).toEqual([]);
    expect(message?.id).toBe(notice.id);
    for (const part of [
      'shop v2 waits for approval',
      'until 2026-11-21T13:00:00.000Z',
      `holdfast canary approve shop --project default --subject sha256:${'ab'.repeat(32)}`,
      'https://holdfast.example/v1/projects/default/operations/',
    ]) {
      expect(message?.text).toContain(part);
    }
  });

  test('the same message once more has the same id', async () => {
    const notice = gateNotice();

    await deliver(notice);
    await deliver(notice);

    expect(receiver.received().map(({ id }) => id)).toEqual([notice.id, notice.id]);
  });

  test('what people typed arrives as they typed it, and as nothing else', async () => {
    const summary = 'a < b && <!channel> <script>alert("x")</script> *bold* ümläut 🚦';

    await deliver(gateNotice({ summary }));

    expect(receiver.received()[0]?.text).toContain(summary);
  });

  test('a receiver that is busy is worth another attempt', async () => {
    receiver.behave('busy');

    expect(await deliver()).toMatchObject({ kind: 'failed' });
    receiver.behave('accept');
    expect(await deliver()).toMatchObject({ kind: 'accepted' });
  });

  test('what a receiver says about when to come again is told', async () => {
    receiver.behave('busy for 3 s');

    // SMTP has no words for it.
    const asked = kind === 'email' ? null : 3000;
    expect(await deliver()).toMatchObject({ kind: 'failed', retryAfterMs: asked });
  });

  test('a receiver that refuses for good is asked no more', async () => {
    receiver.behave('refuse');

    expect(await deliver()).toMatchObject({ kind: 'refused' });
  });

  test('a receiver that says nothing is not waited for', async () => {
    await receiver.close();
    ({ notifier, receiver } = await open(impatientMs));
    receiver.behave('silent');

    expect(await deliver()).toMatchObject({ kind: 'failed' });
  });

  test('a receiver that never stops talking is not listened to', async () => {
    receiver.behave('flood');

    expect(await deliver()).toMatchObject({ kind: 'failed' });
  });

  test('an attempt that is called off ends', async () => {
    receiver.behave('silent');
    const off = new AbortController();

    const attempt = deliver(gateNotice(), { signal: off.signal });
    off.abort();

    expect(await attempt).toMatchObject({ kind: 'failed' });
  });

  test('a secret of the wrong kind is refused, unsent and untold', async () => {
    const answer = await deliver(gateNotice(), { secret: 'hunter2-is-no-secret' });

    expect(answer).toMatchObject({ kind: 'refused' });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
    expect(receiver.tries()).toBe(0);
  });

  test('very long texts are cut to what the receiver takes', async () => {
    expect(await deliver(gateNotice({ summary: 'long <&> '.repeat(100_000) }))).toMatchObject({
      kind: 'accepted',
    });
  });
});

describe('nobody listens', () => {
  test.each(['webhook', 'slack', 'email'])('%s: worth another attempt', async (kind) => {
    const { notifier, receiver } = (await kinds[kind]?.(patientMs)) ?? twin(patientMs);
    await receiver.close();

    const to = { target: receiver.target, secret: receiver.secret, sender: null };
    const answer = await notifier.deliver(gateNotice(), to, new AbortController().signal);

    expect(answer).toMatchObject({ kind: 'failed' });
    expect(JSON.stringify(answer)).not.toContain('of-the-path');
  });
});

function twin(limitMs: number): Subject {
  const notifier = createMemoryNotifier({ limitMs });
  const target = 'somewhere';
  const answers: Readonly<Record<Manner, Answer | 'silent'>> = {
    accept: { kind: 'accepted', status: null, note: null },
    busy: { kind: 'failed', status: null, reason: 'busy', retryAfterMs: null },
    'busy for 3 s': { kind: 'failed', status: null, reason: 'busy', retryAfterMs: 3000 },
    refuse: { kind: 'refused', status: null, reason: 'no' },
    silent: 'silent',
    flood: { kind: 'failed', status: null, reason: 'too much', retryAfterMs: null },
  };
  return {
    notifier,
    receiver: {
      target,
      secret: 'memory-1',
      received: () =>
        notifier.received(target).map(({ id, title, lines, command, link }) => ({
          id,
          text: [title, ...lines, command, link].join('\n'),
        })),
      tries: () => notifier.received(target).length,
      behave: (manner) => notifier.answer(target, answers[manner]),
      close: () => Promise.resolve(),
    },
  };
}
