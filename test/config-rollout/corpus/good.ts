import type { ConfigDocument } from '../../../contracts/config-document.ts';
import type { Route } from '../../../contracts/config-document/frontend.ts';
import { hostileLine, hostilePath, hostileText } from './hostile.ts';
import type { Sent } from './send.ts';
import { serversAt, shopHost, withBackend, withRoutes, withWeb, type ShopPlace } from './shop.ts';

export interface GoodCase {
  readonly name: string;
  change(shop: ConfigDocument, place: ShopPlace): ConfigDocument;
  /** Nobody asks the fleet anything meanwhile. */
  readonly isIdle?: true;
  /** A request that the change is about, and what it gets from every proxy then. */
  readonly asked?: (place: ShopPlace) => { readonly request: Sent; readonly answer: object };
}

/** Twenty changes as people make them every day: none of them may be held up. */
export const goodCases: readonly GoodCase[] = [
  {
    name: 'a new route',
    change: (shop) =>
      withRoutes(shop, { name: 'orders', match: { paths: ['/api/v2/orders'] }, backend: 'api' }),
    asked: ({ port }) => ({ request: { port, path: '/api/v2/orders' }, answer: { status: 200 } }),
  },
  {
    name: 'a header of the answers',
    change: (shop) =>
      withWeb(shop, (web) => ({
        ...web,
        responseHeaders: [{ action: 'set', name: 'X-Shop', value: 'two' }],
      })),
    asked: ({ port }) => ({ request: { port, path: '/' }, answer: { headers: { 'x-shop': 'two' } } }),
  },
  {
    name: 'a weight of a server',
    change: (shop, { services }) =>
      withBackend(shop, 'api', {
        servers: serversAt(services.api, services.api).map((server, index) => ({
          ...server,
          weight: index === 0 ? 3 : 1,
        })),
      }),
  },
  {
    name: 'a server that is drained',
    change: (shop, { services }) =>
      withBackend(shop, 'cart', {
        servers: serversAt(services.cart, services.cart).map((server, index) => ({
          ...server,
          weight: index,
        })),
      }),
  },
  {
    name: 'another server',
    change: (shop, { services }) =>
      withBackend(shop, 'pages', { servers: serversAt(services.pages, services.pages, services.pages) }),
  },
  {
    name: 'more time for the servers',
    change: (shop) => withBackend(shop, 'api', { timeouts: { server: '5s', connect: '2s' } }),
  },
  {
    name: 'other times for clients, and longer reloads',
    change: (shop) => ({
      ...withWeb(shop, (web) => ({ ...web, timeouts: { client: '20s', keepAlive: '5s' } })),
      defaults: { ...shop.defaults, hardStopAfter: '20s' },
    }),
  },
  {
    name: 'more connections and larger bodies',
    change: (shop) => ({
      ...withWeb(shop, (web) => ({ ...web, limits: { connections: 3000, requestBodyBytes: 20_000 } })),
      defaults: { ...shop.defaults, connections: 4000 },
    }),
  },
  {
    name: 'a rate for each client that nobody reaches',
    change: (shop) =>
      withWeb(shop, (web) => ({
        ...web,
        limits: { ...web.limits, requestRate: { requests: 10_000, per: '10s' } },
      })),
  },
  {
    name: 'TLS with a certificate that every node has',
    change: (shop, { spare, certificates }) =>
      withWeb(shop, (web) => ({
        ...web,
        binds: [
          ...web.binds,
          { address: 'node', port: spare, tls: { certificates: [certificates.good], minVersion: 'TLSv1.3' } },
        ],
      })),
    asked: ({ spare }) => ({ request: { port: spare, path: '/ping', isTls: true }, answer: { status: 200 } }),
  },
  {
    name: 'another frontend on a port of its own',
    change: (shop, { spare }) => ({
      ...shop,
      frontends: [
        ...shop.frontends,
        {
          name: 'inside',
          binds: [{ address: 'node', port: spare }],
          routes: [{ name: 'well', answer: { status: 200, body: 'well' } }],
        },
      ],
    }),
    asked: ({ spare }) => ({ request: { port: spare, path: '/' }, answer: { body: 'well' } }),
  },
  {
    name: 'a health check for servers that had none',
    change: (shop) =>
      withBackend(shop, 'api', {
        healthCheck: { path: '/api/healthz', expectStatus: '200-299', interval: '1s', host: 'api.example' },
      }),
  },
  {
    name: 'another way to choose servers',
    change: (shop) => withBackend(shop, 'pages', { balance: 'leastconn' }),
  },
  {
    name: 'a redirect of an old address',
    change: (shop) =>
      withRoutes(shop, {
        ...{ name: 'older', match: { prefixes: ['/older'] } },
        redirect: { prefix: 'https://archive.example', status: 308 },
      }),
    asked: ({ port }) => ({
      request: { port, path: '/older/page' },
      answer: { status: 308, headers: { location: 'https://archive.example/older/page' } },
    }),
  },
  {
    name: 'an answer of the proxy itself',
    change: (shop) =>
      withRoutes(shop, {
        ...{ name: 'robots', match: { paths: ['/robots.txt'] } },
        answer: { status: 200, contentType: 'text/plain', body: 'User-agent: *\nDisallow: /cart\n' },
      }),
    asked: ({ port }) => ({
      request: { port, path: '/robots.txt' },
      answer: { body: 'User-agent: *\nDisallow: /cart\n' },
    }),
  },
  {
    name: 'a backend by another name, with a route of its own',
    change: (shop) => ({
      ...withRoutes(shop, { name: 'beta', match: betaHeader, backend: 'beta' }),
      backends: [
        ...shop.backends,
        ...shop.backends.filter(({ name }) => name === 'api').map((api) => ({ ...api, name: 'beta' })),
      ],
    }),
  },
  {
    name: 'a closed path',
    change: (shop) =>
      withRoutes(shop, { name: 'metrics', match: { paths: ['/metrics'] }, answer: { status: 404 } }),
    asked: ({ port }) => ({ request: { port, path: '/metrics' }, answer: { status: 404, body: '' } }),
  },
  {
    name: 'two hundred routes and a hundred backends',
    change: (shop, { services }) => ({
      ...withRoutes(shop, ...Array.from({ length: 200 }, (_, index) => numbered(index))),
      backends: [
        ...shop.backends,
        ...Array.from({ length: 100 }, (_, index) => ({
          ...{ name: `shelf-${index}`, servers: serversAt(services.pages, services.pages) },
        })),
      ],
    }),
    asked: ({ port }) => ({ request: { port, path: '/shelves/199' }, answer: { status: 200 } }),
  },
  {
    name: 'a change of a fleet that nobody asks anything',
    isIdle: true,
    change: (shop) =>
      withWeb(shop, (web) => ({
        ...web,
        responseHeaders: [{ action: 'set', name: 'X-Shop', value: 'three' }],
      })),
  },
  {
    name: 'texts that look like a configuration',
    change: (shop) => withRoutes(shop, ...odd),
    asked: ({ port }) => ({
      request: { port, path: '/odd', headers: { 'X-Odd': hostileLine } },
      answer: { status: 200, body: hostileText, headers: { 'x-said': hostileLine } },
    }),
  },
];

const betaHeader: Route['match'] = { headers: [{ name: 'X-Beta', value: 'yes' }] };

function numbered(index: number): Route {
  return { name: `shelf-${index}`, match: { paths: [`/shelves/${index}`] }, backend: `shelf-${index % 100}` };
}

/** Where the contract takes more than names: nothing of it may become more than a text. */
const odd: Route[] = [
  {
    name: 'odd',
    match: { hosts: [shopHost], headers: [{ name: 'X-Odd', value: hostileLine }], paths: ['/odd'] },
    answer: { status: 200, contentType: hostileLine, body: hostileText },
    responseHeaders: [{ action: 'set', name: 'X-Said', value: hostileLine }],
  },
  {
    name: 'odd-path',
    match: { paths: [hostilePath], prefixes: [hostilePath] },
    redirect: { location: `/${hostileLine}` },
  },
  {
    name: 'odd-prefix',
    match: { headers: [{ name: 'X-Odd', prefix: hostileLine }] },
    redirect: { prefix: `/${hostileLine}` },
    requestHeaders: [{ action: 'add', name: 'X-Odd', value: hostileLine }],
  },
];
