import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { serviceInput } from '../support.ts';
import { answersOf, head, listeningApi, type ListeningApi } from './listening.ts';

let api: ListeningApi;
beforeAll(async () => {
  api = await listeningApi();
});
afterEach(() => api.isWell());
afterAll(() => api.close());

const stop = '/v1/projects/default/emergency-stop';

async function send(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
  method = 'POST',
) {
  const response = await fetch(`${api.url}${path}`, {
    method,
    body,
    headers: {
      authorization: `Bearer ${api.key}`,
      'content-type': 'application/json',
      'idempotency-key': 'bodies',
      ...headers,
    },
  });
  const text = await response.text();
  return { status: response.status, text, problem: JSON.parse(text) as { code: string; detail: string } };
}

const pattern = 'x'.repeat(100);

describe('a JSON bomb', () => {
  test.each([
    ['a hundred thousand arrays', '['.repeat(100_000), 'nested deeper'],
    ['and their ends', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'nested deeper'],
    ['forty thousand objects', '{"a":'.repeat(40_000), 'nested deeper'],
    ['a number beyond', '{"all": true, "reason": "x", "n": 1e999}', 'a number'],
    ['a number of 200,000 digits', `{"all": ${'9'.repeat(200_000)}}`, 'a number'],
    ['a name twice', '{"all": false, "all": true, "reason": "x"}', '"all" comes twice'],
    ['__proto__', '{"all": true, "reason": "x", "__proto__": {"all": true}}', '__proto__'],
    ['constructor.prototype', '{"constructor": {"prototype": {"all": true}}}', 'not valid'],
    ['U+0000', '{"all": true, "reason": "a\\u0000b"}', 'U+0000'],
    ['half a surrogate pair', '{"all": true, "reason": "\\ud800"}', 'surrogate'],
    ['broken syntax', '{"all": true,,}', 'JSON'],
    ['nothing', '', 'empty'],
    ['no object', '"all"', 'must be object'],
  ])('of %s is refused with what is wrong', async (_, body, why) => {
    const { status, problem, text } = await send(stop, body);
    expect([status, problem.code]).toEqual([400, 'invalid-input']);
    expect(problem.detail).toContain(why);
    expect(text.length).toBeLessThan(2000);
  });

  test('of many names is refused with the first ones', async () => {
    const names = Array.from({ length: 15_000 }, (_, index) => `"k${index}":1`);
    const { status, text } = await send(stop, `{${names.join(',')}}`);
    expect(status).toBe(400);
    expect(text.length).toBeLessThan(5000);
  });

  test('of one long name is refused with its beginning', async () => {
    const { status, text } = await send(stop, `{"${pattern.repeat(2000)}": 1}`);
    expect(status).toBe(400);
    expect(text.length).toBeLessThan(2000);
  });

  test('on a route that takes no body is refused, too', async () => {
    await api.call('PUT', 'notification-channels/hook', {
      kind: 'webhook',
      target: 'https://example.org/hook',
      secret: 'env:HOOK',
    });
    const path = '/v1/projects/default/notification-channels/hook/test';
    const { status, problem } = await send(path, `${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect([status, problem.code]).toEqual([400, 'invalid-input']);
  });

  test('wrote nothing', async () => {
    expect((await api.call('GET', 'emergency-stop')).body).toEqual({ items: [] });
  });
});

describe('a value that no column takes', () => {
  test.each([
    ['operations?limit=1e308', 400],
    ['operations?limit=99999999999999999999', 400],
    ['operations?cursor=AAAA', 400],
    [`operations?cursor=${Buffer.from('\0').toString('base64url')}`, 400],
    ['canary-rollouts?service=%00', 400],
    ['audit/entries?operation=%00', 400],
    ['audit/entries?limit=-1', 400],
    ['audit/consistency?older=99999999999999999999&newer=1', 400],
  ])('%s is refused', async (path, expected) => {
    const { status, body } = await api.call('GET', path);
    expect([path, status, body.code]).toEqual([path, expected, 'invalid-input']);
  });

  test('is refused in a body', async () => {
    const spec = { ...serviceInput('shop'), instances: 1e300 };
    const { status, problem } = await send(
      '/v1/projects/default/services/shop',
      JSON.stringify(spec),
      {},
      'PUT',
    );
    expect([status, problem.code]).toEqual([400, 'invalid-input']);
  });
});

describe('a body', () => {
  test('that is too large is refused by its length, before it comes', async () => {
    const lines = ['Content-Type: application/json', 'Idempotency-Key: large', 'Content-Length: 1000000000'];
    const [answer] = await api.send(head(api.key, `POST ${stop} HTTP/1.1`, ...lines));
    expect([answer?.status, JSON.parse(answer?.body ?? '')]).toMatchObject([413, { code: 'too-large' }]);
  });

  test('that is too large without saying so is cut off', async () => {
    const lines = ['Content-Type: application/json', 'Idempotency-Key: large', 'Transfer-Encoding: chunked'];
    const socket = await api.open();
    socket.write(head(api.key, `POST ${stop} HTTP/1.1`, ...lines));
    const answers = answersOf(socket, 1);
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
    while (!socket.destroyed && socket.bytesWritten < 2_000_000) {
      if (!socket.write(chunk))
        await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
    }
    expect((await answers)[0]?.status).toBe(413);
    socket.destroy();
  });

  test.each([
    ['gzip', gzipSync('{"all":true,"reason":"x"}')],
    ['br', brotliCompressSync(Buffer.alloc(50_000_000))],
    ['deflate, gzip', Buffer.from('x')],
  ])('compressed by %s is not taken', async (encoding, bytes) => {
    const { status, problem } = await send(stop, new Uint8Array(bytes), { 'content-encoding': encoding });
    expect([status, problem.code]).toEqual([415, 'unsupported-media-type']);
    expect(problem.detail).toContain('Content-Encoding');
  });

  test.each([
    'application/xml',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'x/y\u00e9',
  ])('of the type %s is not taken', async (type) => {
    const { status, problem } = await send(stop, '<all/>', { 'content-type': type });
    expect([status, problem.code]).toEqual([415, 'unsupported-media-type']);
  });
});
