import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { head, listeningApi, type ListeningApi, type RawAnswer } from './listening.ts';

let api: ListeningApi;
beforeAll(async () => {
  api = await listeningApi();
});
afterEach(() => api.isWell());
afterAll(() => api.close());

const services = '/v1/projects/default/services';
const json = 'Content-Type: application/json';

function problemOf({ body }: RawAnswer): { code: string; detail: string; status: number } {
  return JSON.parse(body) as { code: string; detail: string; status: number };
}

function refusals(answers: RawAnswer[]): (readonly [number, string])[] {
  return answers.map((answer) => [answer.status, problemOf(answer).code] as const);
}

describe('a request inside a request', () => {
  const inner = (): string => head(api.key, 'DELETE /v1/projects/default/services/victim HTTP/1.1');

  test.each([
    ['both lengths', ['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ['the other order', ['Transfer-Encoding: chunked', 'Content-Length: 5'], '0\r\n\r\n'],
    ['two lengths', ['Content-Length: 0', 'Content-Length: 60'], ''],
    ['a list of lengths', ['Content-Length: 0, 60'], ''],
    ['a signed length', ['Content-Length: +0'], ''],
    ['a negative length', ['Content-Length: -1'], ''],
    ['a length in hexadecimal', ['Content-Length: 0x0'], ''],
    ['a length beyond numbers', ['Content-Length: 99999999999999999999'], ''],
    ['a space before the colon', ['Transfer-Encoding : chunked'], '0\r\n\r\n'],
    ['an unknown coding', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'],
    ['chunked, then another', ['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'],
    ['a folded line', ['Transfer-Encoding:', ' chunked'], '0\r\n\r\n'],
    ['a bare CR', ['X: a\rTransfer-Encoding: chunked'], '0\r\n\r\n'],
    ['a NUL', ['X: a\0b'], ''],
    ['a chunk size that is none', ['Transfer-Encoding: chunked'], 'zz\r\n\r\n'],
    ['a chunk longer than it says', ['Transfer-Encoding: chunked'], '1\r\n{}\r\n0\r\n\r\n'],
    ['a chunk with a bare LF', ['Transfer-Encoding: chunked'], '2\n{}\n0\n\n'],
  ])('by %s is refused as one, and the inner one is never answered', async (_, lines, body) => {
    const outer = head(api.key, `POST ${services} HTTP/1.1`, json, 'Idempotency-Key: smuggled', ...lines);
    const answers = await api.send(`${outer}${body}${inner()}`, 9);
    expect(refusals(answers)).toEqual([[400, 'invalid-input']]);
    expect(answers[0]?.head.toLowerCase()).toContain('connection: close');
  });

  test('as the body of a GET is a body', async () => {
    const request = inner();
    const outer = head(api.key, `GET ${services} HTTP/1.1`, `Content-Length: ${request.length}`);
    const end = head(api.key, 'GET /livez HTTP/1.1', 'Connection: close');
    const answers = await api.send(`${outer}${request}${end}`, 9);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[1]?.body).toBe('{"live":true}');
  });
});

describe('headers', () => {
  test('of more than 16 KiB are refused', async () => {
    const [answer] = await api.send(head(api.key, `GET ${services} HTTP/1.1`, `X: ${'x'.repeat(20_000)}`));
    expect(refusals([answer!])).toEqual([[431, 'headers-too-large']]);
    expect(answer?.body).not.toContain('xxx');
  });

  test.each([
    ['Idempotency-Key', 'a\r\nSet-Cookie: a=b'],
    ['Last-Event-ID', '1\r\nSet-Cookie: a=b'],
    ['Origin', 'https://a.test\r\nSet-Cookie: a=b'],
    ['X-Request-Id', 'a\r\nSet-Cookie: a=b'],
    ['Host', 'a.test\r\nLocation: https://evil.test'],
  ])('that break a line in %s break no line of the answer', async (name, value) => {
    for (const path of [services, '/docs', '/codec/login', '/v1/nothing']) {
      const [answer] = await api.send(`GET ${path} HTTP/1.1\r\nHost: b.test\r\n${name}: ${value}\r\n\r\n`);
      expect(answer?.head).not.toMatch(/^(set-cookie|location: https)/im);
      expect(answer?.head).not.toContain('evil.test');
    }
  });

  test.each([
    '%0d%0aSet-Cookie:%20a=b',
    '%0D%0ALocation:%20https://evil.test',
    '%E5%98%8A%E5%98%8DSet-Cookie:a',
  ])('are not made by %s in a path or a query', async (bytes) => {
    for (const path of [`${services}/${bytes}`, `/docs?x=${bytes}`, `/docs/${bytes}`, `/${bytes}`]) {
      const [answer] = await api.send(head(api.key, `GET ${path} HTTP/1.1`));
      expect(answer?.head).not.toMatch(/^(set-cookie|location: https)/im);
      expect(answer?.status).toBeLessThan(500);
    }
  });

  test.each(['a b', 'a\tb', '\u00e9', 'x'.repeat(256), ''])(
    'Idempotency-Key %j is refused by name',
    async (value) => {
      const line = `Idempotency-Key: ${value}`;
      const length = 'Content-Length: 26';
      const [answer] = await api.send(
        Buffer.from(
          `${head(api.key, 'POST /v1/projects/default/emergency-stop HTTP/1.1', json, line, length)}{"all":true,"reason":"out"}`.slice(
            0,
            -1,
          ),
          'latin1',
        ),
      );
      expect(answer?.status).toBe(400);
    },
  );
});

describe('a path', () => {
  test.each([
    ['dots', `${services}/../../other/services`],
    ['escaped dots', `${services}/%2e%2e/%2e%2e/other/services`],
    ['an escaped slash', '/v1/projects/default%2f..%2fother/services'],
    ['escapes of escapes', '/v1/projects/default%252f..%252fother/services'],
    ['a backslash', '/v1/projects/default\\..\\other/services'],
    ['an escaped NUL', `${services}/shop%00.json`],
    ['a half escape', '/v1/projects/%/services'],
    ['an escape that is no text', '/v1/projects/%ff%fe/services'],
    ['an overlong slash', '/v1/projects/default%c0%af..%c0%afother/services'],
    ['an overlong name', `${services}/${'a'.repeat(3000)}`],
    ['many slashes', `${'/'.repeat(4000)}v1`],
    ['a slash too many', '//v1/projects/default/services'],
    ['a parameter of its own', '/v1;x=y/projects/default/services'],
    ['a file behind the pages', '/docs/static/..%2f..%2f..%2fpackage.json'],
    ['another file', '/docs/static/%2e%2e/%2e%2e/package.json'],
    ['a name of every object', '/v1/projects/__proto__/services'],
    ['another name of it', '/v1/projects/constructor/services'],
  ])('with %s leads nowhere, and is a problem', async (_, path) => {
    const [answer] = await api.send(head(api.key, `GET ${path} HTTP/1.1`));
    expect([400, 404]).toContain(answer?.status);
    expect(answer?.body).not.toContain('dependencies');
    if (!path.startsWith('/docs')) expect(problemOf(answer!).code).toMatch(/^(invalid-input|not-found)$/);
  });

  test('as an absolute address is the same path, whatever host it names', async () => {
    const [answer] = await api.send(head(api.key, `GET http://evil.test${services} HTTP/1.1`));
    expect([answer?.status, answer?.body]).toEqual([200, '{"items":[]}']);
    expect(answer?.head).not.toContain('evil');
  });

  test.each(['CONNECT evil.test:443 HTTP/1.1', 'GET evil.test:80 HTTP/1.1', 'OPTIONS * HTTP/1.1'])(
    'in the form of %s is refused',
    async (line) => {
      const answers = await api.send(head(api.key, line), 1);
      for (const answer of answers) expect(answer.status).toBeGreaterThanOrEqual(400);
    },
  );

  test.each([
    ['nothing but noise', Buffer.from([0, 255, 22, 3, 1, 13, 10, 13, 10])],
    ['another protocol', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['a version to come', Buffer.from('GET /livez HTTP/9.9\r\n\r\n')],
    ['raw bytes in the path', Buffer.from('GET /v1/\xff\x00\x01 HTTP/1.1\r\nHost: a\r\n\r\n', 'latin1')],
    ['a method of its own', Buffer.from('SMUGGLE / HTTP/1.1\r\nHost: a\r\n\r\n')],
    ['no host', Buffer.from('GET /livez HTTP/1.1\r\n\r\n')],
  ])('with %s is refused, and repeats nothing', async (_, bytes) => {
    const [answer] = await api.send(bytes);
    expect(refusals([answer!])).toEqual([[400, 'invalid-input']]);
    expect(answer?.body).not.toContain('SMUGGLE');
  });
});

test('who hangs up in the middle of a body is no fault of ours', async () => {
  const socket = await api.open();
  const line = 'POST /v1/projects/default/emergency-stop HTTP/1.1';
  socket.write(`${head(api.key, line, json, 'Idempotency-Key: gone', 'Content-Length: 100')}{"all"`);
  await expect.poll(() => api.busy()).toBe(1);
  socket.destroy();
  await expect.poll(() => api.busy()).toBe(0);
  expect(api.logs()).not.toContain('request failed');
});

test('nothing that was refused here stands in the logs with its key', () => {
  expect(api.logs()).not.toContain(api.key);
  expect(api.logs()).not.toContain(api.key.slice(16));
  expect(api.logs()).not.toContain(JSON.stringify([...Buffer.from(api.key.slice(16, 30))]).slice(1, -1));
});
