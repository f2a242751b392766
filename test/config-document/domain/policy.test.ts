import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Check } from 'typebox/value';
import { ConfigDocument } from '../../../contracts/config-document.ts';
import type { Backend } from '../../../contracts/config-document/backend.ts';
import type { Frontend, Route } from '../../../contracts/config-document/frontend.ts';
import { isIpv6 } from '../../../domain/config-document/policy/ip-address.ts';
import { configProblems } from '../../../domain/config-document/policy.ts';
import { shapedDocuments, shop, validDocuments } from '../documents.ts';

const [web] = shop.frontends as [Frontend];
const [cart, pages] = shop.backends as [Backend, Backend];

function withWeb(change: Partial<Frontend>): ConfigDocument {
  return { ...shop, frontends: [{ ...web, ...change }] };
}

function withCart(change: Partial<Backend>): ConfigDocument {
  return { ...shop, backends: [{ ...cart, ...change }, pages] };
}

function withRoutes(...routes: Route[]): ConfigDocument {
  return withWeb({ routes });
}

const route = (change: Partial<Route>): Route => ({ name: 'r', backend: 'cart', ...change });
const answer = { status: 200 };

test('a good document has no problem', () => {
  expect(Check(ConfigDocument, shop)).toBe(true);
  expect(configProblems(shop)).toEqual([]);
});

test.each<[string, ConfigDocument, string, RegExp]>([
  ['no frontend', { ...shop, frontends: [] }, '/frontends', /would not start/],
  ['no bind', withWeb({ binds: [] }), '/frontends/0/binds', /no request reaches it/],
  [
    'a bind twice',
    withWeb({ binds: [{ port: 1 }, { address: '0.0.0.0', port: 1 }] }),
    '/frontends/0/binds/1',
    /as is \/frontends\/0\/binds\/0/,
  ],
  [
    'no address',
    withWeb({ binds: [{ address: '1.2.3.444', port: 1 }] }),
    '/frontends/0/binds/0/address',
    /no IP address/,
  ],
  ['no timeouts', { ...shop, defaults: {} }, '/defaults/timeouts/connect', /is missing.*such as 5s/],
  [
    'no client timeout',
    { ...shop, defaults: { timeouts: { ...shop.defaults?.timeouts, client: undefined } } },
    '/defaults/timeouts/client',
    /hold a request for ever/,
  ],
  [
    'a time of nothing',
    withCart({ timeouts: { queue: '0' } }),
    '/backends/0/timeouts/queue',
    /from 1ms to 24h/,
  ],
  [
    'a time beyond what HAProxy counts',
    withCart({ timeouts: { tunnel: '30d' } }),
    '/backends/0/timeouts/tunnel',
    /from 1ms to 24h/,
  ],
  [
    'a hard stop that cuts answers off',
    withCart({ timeouts: { server: '1m' } }),
    '/defaults/hardStopAfter',
    /may take 1m.*cut requests off/,
  ],
  [
    'an unknown backend',
    withRoutes(route({ backend: 'carts' })),
    '/frontends/0/routes/0/backend',
    /no backend of this document.*cart, pages/,
  ],
  [
    'an unknown default backend',
    withWeb({ defaultBackend: 'x' }),
    '/frontends/0/defaultBackend',
    /no backend/,
  ],
  [
    'a frontend that leads nowhere',
    withWeb({ routes: [], defaultBackend: undefined }),
    '/frontends/0/routes',
    /503/,
  ],
  [
    'two actions',
    withRoutes(route({ answer })),
    '/frontends/0/routes/0',
    /exactly one of backend, redirect and answer, not 2/,
  ],
  ['no action', withRoutes({ name: 'r' }), '/frontends/0/routes/0', /not 0/],
  [
    'two redirects',
    withRoutes({ name: 'r', redirect: { scheme: 'https', prefix: '/x' } }),
    '/frontends/0/routes/0/redirect',
    /not 2/,
  ],
  [
    'a body where none may be',
    withRoutes({ name: 'r', answer: { status: 204, body: 'x' } }),
    '/frontends/0/routes/0/answer/body',
    /has no body/,
  ],
  [
    'two tests of one header',
    withRoutes(route({ match: { headers: [{ name: 'a', value: 'b', prefix: 'c' }] } })),
    '/frontends/0/routes/0/match/headers/0',
    /both value and prefix/,
  ],
  [
    'a route name twice',
    withRoutes(route({ match: { paths: ['/a'] } }), route({})),
    '/frontends/0/routes/1/name',
    /as is the route of web at \/frontends\/0\/routes\/0/,
  ],
  ['a backend name twice', { ...shop, backends: [cart, pages, cart] }, '/backends/2/name', /name of its own/],
  [
    'a server name twice',
    withCart({ servers: [...(cart.servers ?? []), ...(cart.servers ?? [])] }),
    '/backends/0/servers/2/name',
    /server of cart/,
  ],
  ['a name of ours', withWeb({ name: 'holdfast_proof' }), '/frontends/0/name', /are taken/],
  [
    'a header that frames',
    withWeb({ requestHeaders: [{ action: 'set', name: 'Transfer-Encoding', value: 'x' }] }),
    '/frontends/0/requestHeaders/0/name',
    /where a message ends/,
  ],
  [
    'a header of ours',
    withCart({ responseHeaders: [{ action: 'remove', name: 'X-Holdfast-Route' }] }),
    '/backends/0/responseHeaders/0/name',
    /are taken/,
  ],
  [
    'a header with no value',
    withRoutes(route({ requestHeaders: [{ action: 'add', name: 'a' }] })),
    '/frontends/0/routes/0/requestHeaders/0',
    /exactly one of value and from, not 0/,
  ],
  [
    'a removal with a value',
    withWeb({ requestHeaders: [{ action: 'remove', name: 'a', value: 'b' }] }),
    '/frontends/0/requestHeaders/0',
    /leave them out/,
  ],
  [
    'the host in an answer',
    withWeb({ responseHeaders: [{ action: 'set', name: 'a', from: 'host' }] }),
    '/frontends/0/responseHeaders/0/from',
    /is gone/,
  ],
  [
    'more connections than there are',
    withWeb({ limits: { connections: 3000 } }),
    '/frontends/0/limits/connections',
    /2000 of the whole process/,
  ],
  ['no servers', withCart({ servers: [] }), '/backends/0/servers', /add a server, or write steered/],
  [
    'weights all 0',
    withCart({ servers: [{ name: 'a', address: 'a:1', weight: 0 }] }),
    '/backends/0/servers',
    /only servers of weight 0/,
  ],
  [
    'servers all disabled',
    withCart({ servers: [{ name: 'a', address: 'a:1', disabled: true }] }),
    '/backends/0/servers',
    /only disabled/,
  ],
  [
    'a server of a steered backend',
    withCart({ steered: true }),
    '/backends/0/servers/1',
    /belong to canary rollouts/,
  ],
  [
    'a steered backend that does not weigh',
    withCart({ steered: true, servers: [], balance: 'leastconn' }),
    '/backends/0/balance',
    /write roundrobin/,
  ],
  [
    'a server without a port',
    withCart({ servers: [{ name: 'a', address: 'a:0' }] }),
    '/backends/0/servers/0/address',
    /port from 1/,
  ],
  [
    'a server that is no address',
    withCart({ servers: [{ name: 'a', address: '1.2.3:80' }] }),
    '/backends/0/servers/0/address',
    /no IP address/,
  ],
  [
    'any certificate',
    withCart({ servers: [{ name: 'a', address: 'a:1', tls: {} }] }),
    '/backends/0/servers/0/tls/serverName',
    /any certificate/,
  ],
  [
    'no authority',
    withCart({ servers: [{ name: 'a', address: 'a:1', tls: { serverName: 'b' } }] }),
    '/backends/0/servers/0/tls/authority',
    /is missing/,
  ],
  [
    'a range of nothing',
    withCart({ healthCheck: { path: '/', expectStatus: '399-200' } }),
    '/backends/0/healthCheck/expectStatus',
    /lower one first/,
  ],
  [
    'a wildcard for a name',
    withCart({ healthCheck: { path: '/', host: '*.a' } }),
    '/backends/0/healthCheck/host',
    /no name here/,
  ],
])('%s', (_, document, pointer, detail) => {
  const found = configProblems(document);

  expect(Check(ConfigDocument, JSON.parse(JSON.stringify(document)))).toBe(true);
  expect(
    found
      .filter((each) => each.pointer === pointer)
      .map((each) => each.detail)
      .join('\n'),
  ).toMatch(detail);
});

test.each(['/etc/ssl/shop.pem', 'shop.pem', '../shop', 'MIIEvQIBADANBg+/=='])(
  '%s is no TLS reference, and is not repeated',
  (reference) => {
    const [found] = configProblems(withWeb({ binds: [{ port: 1, tls: { certificates: [reference] } }] }));

    expect(found?.pointer).toBe('/frontends/0/binds/0/tls/certificates/0');
    expect(found?.detail).not.toContain(reference);
  },
);

describe('a route that never gets a request', () => {
  const isReached = (first: Partial<Route>, second: Partial<Route>): boolean =>
    !configProblems(
      withRoutes(
        { name: 'one', ...(first.redirect === undefined ? { answer } : {}), ...first },
        { name: 'two', answer, ...second },
      ),
    ).some(({ detail }) => detail.includes('never gets a request'));

  test.each<[boolean, Partial<Route>, Partial<Route>]>([
    [false, {}, { match: { paths: ['/a'] } }],
    [false, { match: { prefixes: ['/'] } }, {}],
    [false, { match: { prefixes: ['/a'] } }, { match: { prefixes: ['/a/b'], hosts: ['x.org'] } }],
    [false, { match: { prefixes: ['/a'] } }, { match: { paths: ['/a'] } }],
    [true, { match: { prefixes: ['/a'] } }, { match: { paths: ['/ab'] } }],
    [true, { match: { prefixes: ['/a/'] } }, { match: { prefixes: ['/a'] } }],
    [true, { match: { paths: ['/a'] } }, { match: { prefixes: ['/a'] } }],
    [false, { match: { hosts: ['*.x.org'] } }, { match: { hosts: ['A.X.org', '*.b.x.org'] } }],
    [true, { match: { hosts: ['*.x.org'] } }, { match: { hosts: ['x.org'] } }],
    [true, { match: { methods: ['GET'] } }, { match: { paths: ['/a'] } }],
    [false, { match: { methods: ['GET', 'HEAD'] } }, { match: { methods: ['HEAD'] } }],
    [false, { match: { headers: [{ name: 'A' }] } }, { match: { headers: [{ name: 'a', value: 'b' }] } }],
    [
      false,
      { match: { headers: [{ name: 'a', prefix: 'b' }] } },
      { match: { headers: [{ name: 'a', value: 'bc' }] } },
    ],
    [true, { match: { headers: [{ name: 'a', prefix: 'b' }] } }, { match: { headers: [{ name: 'a' }] } }],
    [true, { redirect: { scheme: 'https' } }, {}],
    [false, { redirect: { location: '/' } }, {}],
  ])('%s: %j then %j', (expected, first, second) => {
    expect(isReached(first, second)).toBe(expected);
  });
});

test('pointers of problems lead into the document, or to what is missing in something that is there', () => {
  fc.assert(
    fc.property(shapedDocuments, (document) => {
      for (const { pointer } of configProblems(document)) {
        const parent = pointer.split('/').slice(1, -1);
        if (pointer.startsWith('/defaults')) continue;
        const found = parent.reduce<unknown>(
          (value, key) => (value as Record<string, unknown> | undefined)?.[key],
          document,
        );
        expect(found, pointer).toBeDefined();
      }
    }),
  );
});

test('documents made valid are of the right shape', () => {
  fc.assert(
    fc.property(validDocuments, (document) => {
      expect(Check(ConfigDocument, JSON.parse(JSON.stringify(document)))).toBe(true);
    }),
  );
});

test.each([
  [true, ['::', '::1', '1::', 'fe80::1:2', '1:2:3:4:5:6:7:8', '::ffff:1.2.3.4', '1:2:3:4:5:6:1.2.3.4']],
  [false, ['', ':', ':::', '1::2::3', '1:2:3', '1:2:3:4:5:6:7:8:9', '12345::', '::1.2.3', '1.2.3.4::']],
])('%s: IPv6', (expected, texts) => {
  expect(texts.filter((text) => isIpv6(text) !== expected)).toEqual([]);
});
