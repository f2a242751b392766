import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyOfProxy } from '../../support/access.ts';
import { serviceInput } from '../support.ts';
import { answersOf, head, listeningApi, type ListeningApi } from './listening.ts';

const limits = { headersMs: 150, requestMs: 300, checkMs: 20, connections: 60 };
const post = 'POST /v1/projects/default/emergency-stop HTTP/1.1';
const lines = ['Content-Type: application/json', 'Idempotency-Key: slow', 'Content-Length: 1000'];

let api: ListeningApi;
beforeAll(async () => {
  api = await listeningApi({ limits });
});
afterAll(() => api.close());

/** Byte for byte, for as long as the connection is open. */
function drip(socket: Socket, bytes: string): void {
  let at = 0;
  const timer = setInterval(() => socket.write(bytes[at++ % bytes.length] ?? ''), 10);
  socket.once('close', () => clearInterval(timer));
}

async function slow(start: string, bytes: string): Promise<Socket> {
  const socket = await api.open();
  if (start !== '') socket.write(start);
  if (bytes !== '') drip(socket, bytes);
  return socket;
}

/** Not by `once`, which would fail for what the dripping hears: that the other side has hung up. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.resume().once('close', () => resolve());
  });
}

describe('who is slow', () => {
  test.each([
    ['and says nothing', () => slow('', '')],
    ['with the request line', () => slow('GET /', 'a')],
    ['with headers', () => slow('GET /livez HTTP/1.1\r\nHost: a\r\n', 'X: y\r\n')],
    ['with a body', () => slow(head(api.key, post, ...lines), ' ')],
    [
      'with chunks',
      () => slow(head(api.key, post, lines[0]!, lines[1]!, 'Transfer-Encoding: chunked'), '1\r\n \r\n'),
    ],
    ['and has stopped in a body', () => slow(`${head(api.key, post, ...lines)}{`, '')],
  ])('%s is told so and let go', async (_, begin) => {
    const [answer] = await answersOf(await begin(), 2);
    expect(answer?.status).toBe(408);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ code: 'too-slow', status: 408 });
    await api.isWell();
  });

  test('with a body and no key is refused before the body', async () => {
    const [answer] = await answersOf(await slow(head('nobody', post, ...lines), ' '), 1);
    expect(answer?.status).toBe(401);
  });

  test('in a crowd shuts nobody out', async () => {
    const crowd = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        index % 2 === 0 ? slow('', '') : slow('GET /livez HTTP/1.1\r\n', 'X: y\r\n'),
      ),
    );
    for (let round = 0; round < 5; round += 1) await api.isWell();
    expect(await api.connections()).toBeLessThanOrEqual(limits.connections + 1);
    await Promise.all(crowd.map(closed));
    await api.isWell();
  });
});

describe('who waits for an answer', () => {
  test('waits longer than a request may take to come: a long poll', async () => {
    const agent = await keyOfProxy(api.db, 'local');
    const path = '/v1/proxies/local/desired-state';
    const headers = { authorization: `Bearer ${agent}` };
    const { revision } = (await (await fetch(`${api.url}${path}`, { headers })).json()) as {
      revision: number;
    };
    const poll = fetch(`${api.url}${path}?after=${revision}&waitMs=1000`, { headers });
    await expect.poll(() => api.busy()).toBe(1);
    // This one comes later, and is let go while the other still waits.
    await answersOf(await slow(head(api.key, post, ...lines), ' '), 2);
    expect(api.busy()).toBe(1);
    expect((await poll).status).toBe(200);
  });

  test('and an event stream goes on', async () => {
    await api.call('PUT', 'services/shop', serviceInput('shop'));
    const { body } = await api.call('POST', 'canary-rollouts', { service: 'shop', version: 'v1' });
    const path = `/v1/projects/default/operations/${body.id}/events/stream`;
    const stream = await fetch(`${api.url}${path}`, { headers: { authorization: `Bearer ${api.key}` } });
    await answersOf(await slow(head(api.key, post, ...lines), ' '), 2);
    await api.db
      .insertInto('operation_event')
      .values({
        operation_id: body.id,
        seq: 7,
        type: 'note',
        summary: 'still here',
        detail: '{}',
        run_id: null,
        run_seq: null,
      })
      .execute();
    expect(await read(stream, 'id: 7')).toContain('still here');
    expect(api.busy()).toBe(1);
    await stream.body?.cancel().catch(() => undefined);
  });

  async function read(stream: Response, until: string): Promise<string> {
    let text = '';
    const reader = stream.body!.getReader();
    while (!text.includes(until) || !text.endsWith('\n\n'))
      text += Buffer.from((await reader.read()).value ?? []).toString();
    reader.releaseLock();
    return text;
  }
});

test('who does not read what it asked for is let go', async () => {
  const impatient = await listeningApi({ limits: { silenceMs: 200 } });
  const socket = await impatient.open();
  socket.pause();
  for (let round = 0; round < 200; round += 1)
    socket.write(head(impatient.key, 'GET /openapi.json HTTP/1.1'));
  await expect.poll(() => impatient.connections()).toBe(0);
  // What was being answered comes to its own end after the connection has.
  await expect.poll(() => impatient.busy()).toBe(0);
  await impatient.isWell();
  socket.destroy();
  await impatient.close();
});
