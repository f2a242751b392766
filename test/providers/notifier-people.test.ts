import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEmailNotifier } from '../../providers/notifier/email.ts';
import type { Destination } from '../../providers/notifier/notifier.ts';
import { createSlackNotifier, uuidOf } from '../../providers/notifier/slack.ts';
import { escapeMrkdwn } from '../../providers/notifier/slack-message.ts';
import { headerOf, startMailServer, type MailServer } from '../support/receivers/mail.ts';
import { gateNotice } from '../support/receivers/notice.ts';
import { startFakeSlack, type FakeSlack } from '../support/receivers/slack.ts';

const never = new AbortController().signal;

describe('Slack', () => {
  let slack: FakeSlack;
  beforeEach(async () => {
    slack = await startFakeSlack();
  });
  afterEach(() => slack.close());

  const deliver = (notice = gateNotice(), secret = slack.secret) =>
    createSlackNotifier({ apiUrl: slack.apiUrl }).deliver(
      notice,
      { target: slack.target, secret, sender: null },
      never,
    );

  test('a button is a link and carries nothing that could approve', async () => {
    await deliver();

    const elements = slack.messages[0]?.blocks
      .filter(({ type }) => type === 'actions')
      .flatMap((b) => b.elements);
    expect(elements).toEqual([
      expect.objectContaining({
        type: 'button',
        url: expect.stringMatching(/^https:\/\/holdfast\.example\//),
      }),
    ]);
    expect(elements?.[0]).not.toHaveProperty('value');
  });

  test('a repeated message is known by one id, which is the delivery in the letters of a UUID', async () => {
    const notice = gateNotice();
    await deliver(notice);
    await deliver(notice);

    expect(slack.messages.map((message) => message.client_msg_id)).toEqual([
      uuidOf(notice.id),
      uuidOf(notice.id),
    ]);
    expect(uuidOf('7ZZZZZZZZZZZZZZZZZZZZZZZZZ')).toBe('ffffffff-ffff-ffff-ffff-ffffffffffff');
    expect(uuidOf('00000000000000000000000001')).toBe('00000000-0000-0000-0000-000000000001');
  });

  test('text of people calls nobody', async () => {
    await deliver(gateNotice({ summary: '<!channel> <@U123> <https://evil.example|click>' }));

    expect(JSON.stringify(slack.messages[0])).not.toMatch(/<[!@h]/);
    expect(escapeMrkdwn('&lt;')).toBe('&amp;lt;');
  });

  test('a token that Slack does not know is refused, and not told', async () => {
    const answer = await deliver(gateNotice(), 'xoxb-other-secret');

    expect(answer).toEqual({ kind: 'refused', status: 200, reason: 'Slack says invalid_auth' });
  });
});

describe('email', () => {
  let mail: MailServer;
  beforeEach(async () => {
    mail = await startMailServer();
  });
  afterEach(() => mail.close());

  const deliver = (notice = gateNotice(), over: Partial<Destination> = {}) =>
    createEmailNotifier({ limitMs: 3000 }).deliver(
      notice,
      { target: mail.target, secret: mail.secret, sender: null, ...over },
      never,
    );

  test('goes to everybody, from the account, with the message-id of the delivery at every attempt', async () => {
    const notice = gateNotice();
    await deliver(notice);
    await deliver(notice);

    expect(mail.recipients[0]).toEqual(['ann@example.org', 'bob@example.org']);
    expect(headerOf(mail.raw[0] ?? '', 'from')).toBe('Holdfast <holdfast@example.org>');
    expect(headerOf(mail.raw[0] ?? '', 'auto-submitted')).toBe('auto-generated');
    const ids = mail.raw.map((message) => headerOf(message, 'message-id'));
    expect(ids).toEqual([`<${notice.id}@example.org>`, `<${notice.id}@example.org>`]);
  });

  test('a line end in a title or a name makes no header', async () => {
    const operation = {
      id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
      kind: 'canary-rollout',
      target: 'shop\r\nBcc: eve@evil.example\r\n\r\nbody',
      version: 'v2\nX-Evil: 1',
    };
    await deliver(gateNotice({ operation, summary: 'one\r\n.\r\nMAIL FROM:<eve@evil.example>' }));

    const [head = ''] = (mail.raw[0] ?? '').split('\r\n\r\n');
    expect(head).not.toMatch(/^(bcc|x-evil):/im);
    expect(mail.raw).toHaveLength(1);
    expect(mail.recipients[0]).toHaveLength(2);
  });

  test('markup in the text is text in the HTML part', async () => {
    await deliver(gateNotice({ summary: '<img src=x onerror=alert(1)>' }));

    const html = (mail.raw[0] ?? '').split('Content-Type: text/html')[1]?.replace(/=\r\n/g, '');
    expect(html).toContain('&lt;img src=3Dx');
    expect(html).not.toContain('<img');
  });

  test('one unknown recipient of two is told in the ledger, and the other gets it', async () => {
    const answer = await deliver(gateNotice(), { target: 'ann@example.org,nobody@example.org' });

    expect(answer).toMatchObject({ kind: 'accepted', note: 'not to nobody@example.org' });
  });

  test('a wrong password is final, and is not told', async () => {
    const secret = mail.secret.replace('p%40ss%20word', 'hunter2');
    const answer = await deliver(gateNotice(), { secret });

    expect(answer).toMatchObject({ kind: 'refused', status: 535 });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });

  test('a server whose certificate nobody vouches for gets neither password nor mail', async () => {
    const stranger = await startMailServer({ secure: true });
    try {
      const answer = await deliver(gateNotice(), { secret: stranger.secret });

      expect(answer).toMatchObject({ kind: 'failed' });
      expect(stranger.raw).toEqual([]);
    } finally {
      await stranger.close();
    }
  });

  test('what the URL of the server says in its query sets nothing', async () => {
    const answer = await deliver(gateNotice(), {
      secret: `${mail.secret}/?tls.rejectUnauthorized=false&proxy=x`,
    });

    expect(answer).toMatchObject({ kind: 'accepted' });
  });
});

test.each([
  'smtp://user:p%ZZ@mail.example.org',
  'http://mail.example.org',
  'smtp://',
  'mail.example.org:25',
  'postgres://user:hunter2@db/x',
])('%s is not the URL of a mail server', async (secret) => {
  const to = { target: 'ann@example.org', secret, sender: null };

  const answer = await createEmailNotifier().deliver(gateNotice(), to, never);

  expect(answer).toMatchObject({ kind: 'refused', status: null });
  expect(JSON.stringify(answer)).not.toContain('hunter2');
});
