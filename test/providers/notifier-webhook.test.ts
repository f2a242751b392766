import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAllowed } from '../../providers/notifier/address.ts';
import { retryAfterMs } from '../../providers/notifier/retry-after.ts';
import { signedHeaders } from '../../providers/notifier/signature.ts';
import { createWebhookNotifier, type WebhookOptions } from '../../providers/notifier/webhook.ts';
import { startHttpServer } from '../support/receivers/http-server.ts';
import { gateNotice } from '../support/receivers/notice.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/receivers/webhook.ts';

const secretOf = (letter: string): string => `whsec_${Buffer.alloc(24, letter).toString('base64')}`;
const never = new AbortController().signal;

function deliver(target: string, secret: string, privateAddresses: WebhookOptions['privateAddresses']) {
  const notifier = createWebhookNotifier({ privateAddresses, limitMs: 2000 });
  return notifier.deliver(gateNotice(), { target, secret, sender: null }, never);
}

describe('a signed webhook', () => {
  let receiver: WebhookReceiver;
  beforeEach(async () => {
    receiver = await startWebhookReceiver(secretOf('b'));
  });
  afterEach(() => receiver.close());

  test('is known by a receiver that has either of two secrets, so that a secret can be changed', async () => {
    const both = `${secretOf('a')} ${secretOf('b')}`;

    expect(await deliver(receiver.target, both, 'loopback')).toMatchObject({ kind: 'accepted' });
    expect(await deliver(receiver.target, secretOf('a'), 'loopback')).toMatchObject({
      kind: 'refused',
      status: 401,
    });
  });

  test('carries the three headers and a body of type, timestamp and data', async () => {
    await deliver(receiver.target, secretOf('b'), 'loopback');

    const [headers] = receiver.headers;
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': expect.stringMatching(/^[0-9A-Z]{26}$/),
      'webhook-timestamp': expect.stringMatching(/^[0-9]{10}$/),
      'webhook-signature': expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/),
    });
    expect(JSON.parse(receiver.bodies[0] ?? '')).toMatchObject({
      type: 'gate.opened',
      timestamp: '2026-11-21T12:00:00.000Z',
      data: {
        deliveryId: headers?.['webhook-id'],
        project: 'default',
        operation: { kind: 'canary-rollout', target: 'shop', version: 'v2' },
        gate: { onTimeout: 'abort' },
      },
    });
  });

  test.each([
    [301, 'refused'],
    [307, 'refused'],
    [400, 'refused'],
    [404, 'refused'],
    [410, 'refused'],
    [408, 'failed'],
    [425, 'failed'],
    [429, 'failed'],
    [500, 'failed'],
    [502, 'failed'],
    [503, 'failed'],
  ])('an answer of %i is %s', async (status, kind) => {
    receiver.answerWith(status);

    expect(await deliver(receiver.target, secretOf('b'), 'loopback')).toMatchObject({ kind, status });
  });
});

test('a redirect is not followed', async () => {
  const inner = await startWebhookReceiver(secretOf('b'));
  const outer = await startHttpServer((_request, _body, response) => {
    response.writeHead(302, { location: inner.target }).end();
  });
  try {
    const target = `http://127.0.0.1:${outer.port}/`;
    expect(await deliver(target, secretOf('b'), 'loopback')).toMatchObject({ kind: 'refused', status: 302 });
    expect(inner.tries()).toBe(0);
  } finally {
    await outer.close();
    await inner.close();
  }
});

describe('no request is forged from inside', () => {
  test.each([
    'http://127.0.0.1:PORT/',
    'http://localhost:PORT/',
    'http://[::1]:PORT/',
    'http://2130706433:PORT/',
    'http://0x7f.1:PORT/',
    'https://127.0.0.1:PORT/',
    'https://[::ffff:127.0.0.1]:PORT/',
    'https://10.0.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[fd00::1]/',
    'https://[64:ff9b::a00:1]/',
    'https://0.0.0.0:PORT/',
  ])('%s is refused by default, before anything is sent', async (url) => {
    const receiver = await startWebhookReceiver();
    try {
      const target = url.replace('PORT', new URL(receiver.target).port);
      const answer = await deliver(target, receiver.secret, 'none');

      expect(answer).toMatchObject({
        kind: 'refused',
        reason: expect.stringContaining('not a public address'),
      });
      expect(receiver.tries()).toBe(0);
    } finally {
      await receiver.close();
    }
  });

  test.each([
    'ftp://example.org/',
    'http://example.org/',
    'http://10.0.0.1/',
    'https://user:password@example.org/',
    'file:///etc/passwd',
    'no url',
  ])('%s is refused whatever is allowed', async (url) => {
    expect(await deliver(url, secretOf('b'), 'all')).toMatchObject({ kind: 'refused', status: null });
  });

  test.each([
    ['8.8.8.8', 'none', true],
    ['2606:4700::1111', 'none', true],
    ['127.0.0.1', 'loopback', true],
    ['::ffff:127.0.0.1', 'loopback', true],
    ['10.1.2.3', 'loopback', false],
    ['::ffff:10.1.2.3', 'loopback', false],
    ['10.1.2.3', 'all', true],
    ['172.31.255.255', 'none', false],
    ['172.32.0.1', 'none', true],
    ['100.64.0.1', 'none', false],
    ['224.0.0.1', 'none', false],
    ['255.255.255.255', 'none', false],
    ['::', 'none', false],
    ['fe80::1', 'none', false],
    ['2002:7f00:1::', 'none', false],
    ['no address', 'all', false],
  ] as const)('%s with %s: %s', (address, policy, allowed) => {
    expect(isAllowed(address, policy)).toBe(allowed);
  });
});

test.each([
  ['the example of the specification has its parts', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', true],
  ['no prefix', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', false],
  ['too short', 'whsec_AAAA', false],
  ['one of two is none', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw hunter2', false],
  ['nothing', '', false],
])('secret: %s', (_name, secret, usable) => {
  const headers = signedHeaders(secret, { id: 'msg_1', seconds: 1614265330, body: '{}' });

  expect(headers !== null).toBe(usable);
});

test.each([
  ['120', 120_000],
  ['0', 0],
  ['Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
  ['Sat, 21 Nov 2020 12:00:30 GMT', 0],
  ['999999999', 24 * 3600 * 1000],
  ['soon', null],
  [undefined, null],
])('Retry-After %s is %s ms', (header, ms) => {
  expect(retryAfterMs(header, Date.parse('2026-11-21T12:00:00Z'))).toBe(ms);
});
