import type { ConfigDocument } from '../../../contracts/config-document.ts';
import type { Backend, Server } from '../../../contracts/config-document/backend.ts';
import type { Frontend, Route } from '../../../contracts/config-document/frontend.ts';
import type { ConfigExpectation, EnvironmentSettings } from '../../../contracts/config-revision.ts';
import type { ServiceName } from './services.ts';

/** Where a fleet stands: ports are the same at each node's own address. */
export interface ShopPlace {
  readonly port: number;
  /** Free on every node; a document may take it. */
  readonly spare: number;
  /** Somebody else has it on every node. */
  readonly taken: number;
  /** `127.0.0.1:PORT` of each server. */
  readonly services: Readonly<Record<ServiceName, string>>;
  /** Names of certificates as the nodes keep them. */
  readonly certificates: CertificateNames;
}

/** `wrongKey`: its key belongs to another one. `broken`: cut off in the middle. `absent`: no node has it. */
export type CertificateNames = Readonly<Record<'good' | 'wrongKey' | 'broken' | 'absent', string>>;

export const shopHost = 'shop.example';
/** Servers of the shop take a request only with it. */
export const shopKey = { name: 'X-Shop-Key', value: 'let me in' } as const;

/** What every fleet runs before and after each change: pages, a cart with a health check, and an interface without one. */
export function shopDocument({ port, services }: ShopPlace): ConfigDocument {
  return {
    schemaVersion: 1,
    defaults: {
      // Shorter than a bake, so that whoever waits for an answer has given up before it ends.
      timeouts: { connect: '1s', client: '10s', server: '3s', httpRequest: '5s', queue: '1s' },
      hardStopAfter: '10s',
    },
    frontends: [
      {
        name: 'web',
        binds: [{ address: 'node', port }],
        requestHeaders: [
          { action: 'set', ...shopKey },
          { action: 'set', name: 'X-Forwarded-For', from: 'client-address' },
        ],
        responseHeaders: [{ action: 'set', name: 'X-Shop', value: 'one' }],
        limits: { connections: 1000, requestBodyBytes: 10_000 },
        routes: [
          {
            name: 'admin',
            match: { hosts: ['admin.shop.example'] },
            answer: { status: 403, body: 'closed' },
          },
          { name: 'ping', match: { paths: ['/ping'] }, answer: { status: 200, body: 'pong' } },
          { name: 'old', match: { paths: ['/old'] }, redirect: { location: '/new', status: 301 } },
          { name: 'cart', match: { prefixes: ['/cart'] }, backend: 'cart' },
          { name: 'api', match: { prefixes: ['/api'] }, backend: 'api' },
        ],
        defaultBackend: 'pages',
      },
    ],
    backends: [
      { name: 'pages', servers: serversAt(services.pages, services.pages) },
      {
        name: 'cart',
        servers: serversAt(services.cart, services.cart),
        healthCheck: { path: '/cart/healthz', expectStatus: '200', interval: '1s', timeout: '3s' },
      },
      { name: 'api', servers: serversAt(services.api, services.api) },
    ],
  };
}

/** How the environment rolls out when nobody says otherwise: docs/config-rollout.md recommends it, with times as of days, not seconds. */
export function shopSettings({ port }: ShopPlace): EnvironmentSettings {
  return {
    plan: {
      waves: [{ labels: { ring: 'first' }, bake: '14s' }],
      rest: { bake: '2s' },
      checks: {
        interval: '1s',
        errorRate: { max: 5, maxIncrease: 1 },
        refusedRate: { maxIncrease: 1 },
        p95: { maxIncrease: 250 },
        probe: { port, path: '/', host: shopHost, status: 200 },
      },
      apply: '20s',
      partition: { policy: 'abort', after: '20s' },
    },
    expectations: expectationsAt(port),
  };
}

function expectationsAt(port: number): ConfigExpectation[] {
  const get = (path: string, host = shopHost): ConfigExpectation['request'] => ({
    ...{ port, method: 'GET', host, path },
  });
  return [
    { request: get('/'), status: 200, backend: 'pages' },
    { request: get('/cart/1'), status: 200, backend: 'cart' },
    { request: get('/api/orders'), status: 200, backend: 'api' },
    { request: get('/ping'), status: 200, route: 'ping' },
    { request: get('/old'), status: 301 },
    { request: get('/', 'admin.shop.example'), status: 403 },
  ];
}

/** Servers named s1, s2, … */
export function serversAt(...addresses: readonly string[]): Server[] {
  return addresses.map((address, index) => ({ name: `s${index + 1}`, address }));
}

/** The document with another frontend `web`. */
export function withWeb(document: ConfigDocument, change: (web: Frontend) => Frontend): ConfigDocument {
  const [web, ...others] = document.frontends;
  if (web === undefined) throw new Error('the shop has no frontend');
  return { ...document, frontends: [change(web), ...others] };
}

/** With routes before those of the shop. */
export function withRoutes(document: ConfigDocument, ...added: readonly Route[]): ConfigDocument {
  return withWeb(document, (web) => ({ ...web, routes: [...added, ...(web.routes ?? [])] }));
}

export function withBackend(
  document: ConfigDocument,
  name: 'pages' | 'cart' | 'api',
  change: Partial<Backend>,
): ConfigDocument {
  const backends = document.backends.map((backend) =>
    backend.name === name ? { ...backend, ...change } : backend,
  );
  return { ...document, backends };
}
