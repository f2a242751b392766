import { expect, test } from 'vitest';
import { readLoggedRequest } from '../../proxy-agent/windows/logged-request.ts';
import { openWindow } from '../../proxy-agent/windows/request-window.ts';
import { createWindowBuffer } from '../../proxy-agent/windows/window-buffer.ts';

const rest = 'f="web" st="503" ts="SC" o="7" m="GET" p="/a/b"] 127.0.0.1:1 web~ shop/s1';

test('a line says how its request ended', () => {
  expect(readLoggedRequest(`<134>1 - - - - - [holdfast b="shop" s="s1" t="+12" ${rest}`)).toEqual({
    ...{ backend: 'shop', server: 's1', ms: 12, sequence: 7 },
    end: {
      ...{ frontend: 'web', port: null, status: 503, termination: 'SC' },
      ...{ method: 'GET', host: null, path: '/a/b' },
    },
  });
});

test('and where it went', () => {
  const line = (host: string, path: string): string =>
    `[holdfast b="b" s="s" t="1" f="f" st="200" ts="--" o="7" fp="8080" m="GET" h="${host}" p="${path}"] rest`;

  expect(readLoggedRequest(line('shop.example:8080', '/a'))?.end).toMatchObject({
    port: 8080,
    host: 'shop.example:8080',
    path: '/a',
  });
  expect(readLoggedRequest(line('-', '/a'))?.end?.host).toBeNull();
  expect(readLoggedRequest(line('a\\"b', '/a'))?.end).toMatchObject({ host: 'a"b', path: '/a' });
  // As HAProxy logs HTTP/2.
  expect(readLoggedRequest(line('shop.example', 'https://shop.example/a'))?.end?.path).toBe('/a');
});

test('one that is cut off in its path counts, one of a former agent does not say how it ended, another one is none', () => {
  const cut = readLoggedRequest('[holdfast b="shop" s="s1" t="-1" f="web" st="-1" ts="CC" m="GET" p="/a/b');
  const former = readLoggedRequest('[holdfast b="shop" s="s1" t="3"] more');

  expect(cut).toMatchObject({ ms: null, sequence: null, end: { status: -1, path: '/a/b' } });
  expect(former).toEqual({ backend: 'shop', server: 's1', ms: 3, sequence: null, end: null });
  expect(readLoggedRequest('[other b="shop"]')).toBeNull();
});

test('quotes in a path end nothing, and its query stays behind', () => {
  const line = `[holdfast b="b" s="s" t="1" f="f" st="500" ts="--" m="GET" p="/a\\"\\]b?secret=1"] rest`;

  expect(readLoggedRequest(line)?.end?.path).toBe('/a"]b');
});

test('a flood of kinds of errors is counted, and told by the most frequent ones', () => {
  const window = openWindow(0, 3);
  for (let kind = 0; kind < 2000; kind += 1)
    for (const times of kind < 10 ? [1, 2] : [1]) {
      const end = {
        ...{ frontend: 'web', port: null, status: 500, termination: '--' },
        ...{ method: 'GET', host: null, path: `/${times}` },
      };
      window.add({ backend: `b${kind}`, server: 's', ms: 5, sequence: 3, end });
    }

  const closed = window.close(5400);

  expect(closed).toMatchObject({ seconds: 5, sequence: 3, requests: 2010, errors: 2010 });
  expect(closed.signatures.map(({ count }) => count)).toEqual(Array(10).fill(2));
});

test('windows that nobody took are kept, the oldest first, as many as a report may carry', () => {
  const buffer = createWindowBuffer();
  for (let at = 1; at <= 70; at += 1) buffer.add(openWindow(at * 1000, null).close(at * 1000 + 900));

  const some = buffer.next(1000);
  const one = buffer.next(-5);

  expect(buffer.size).toBe(60);
  expect(some[0]?.startsAt).toBe(new Date(11_000).toISOString());
  expect(Buffer.byteLength(JSON.stringify(some))).toBeLessThanOrEqual(1001);
  expect(one).toHaveLength(1);
  buffer.done(some);
  expect(buffer.next(10)[0]).not.toBe(some[0]);
  expect(buffer.size).toBe(60 - some.length);
});
