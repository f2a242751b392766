import type fc from 'fast-check';
import { ConfigDocument } from '../../contracts/config-document.ts';
import type { Backend, Server } from '../../contracts/config-document/backend.ts';
import type { Frontend, Route } from '../../contracts/config-document/frontend.ts';
import type { HeaderChange } from '../../contracts/config-document/text.ts';
import { configProblems } from '../../domain/config-document/policy.ts';
import { arbitraryOf } from './arbitrary-of.ts';

/** Documents of the right shape, however little sense they make. */
export const shapedDocuments = arbitraryOf(ConfigDocument) as fc.Arbitrary<ConfigDocument>;

/** Documents without a problem: shaped ones, mended where the policy would refuse them. */
export const validDocuments = shapedDocuments
  .map(mend)
  .filter((document) => configProblems(document).length === 0);

/** A small document, as a person would write it. */
export const shop: ConfigDocument = {
  schemaVersion: 1,
  defaults: {
    timeouts: { connect: '2s', client: '30s', server: '30s', httpRequest: '10s', keepAlive: '30s' },
    hardStopAfter: '1m',
  },
  frontends: [
    {
      name: 'web',
      binds: [{ port: 8080 }],
      routes: [
        { name: 'cart', match: { prefixes: ['/cart'] }, backend: 'cart' },
        { name: 'old', match: { paths: ['/old'] }, redirect: { location: '/new', status: 301 } },
        { name: 'ping', match: { paths: ['/ping'] }, answer: { status: 200, body: 'pong' } },
      ],
      defaultBackend: 'pages',
    },
  ],
  backends: [
    {
      name: 'cart',
      servers: [
        { name: 'c1', address: '10.0.0.1:80', weight: 10 },
        { name: 'c2', address: '10.0.0.2:80', weight: 10 },
      ],
      healthCheck: { path: '/healthz' },
    },
    { name: 'pages', servers: [{ name: 'p1', address: '10.0.1.1:80' }] },
  ],
};

function mend(document: ConfigDocument): ConfigDocument {
  const backends = document.backends.slice(0, 4).map(mendBackend);
  const known = backends.map(({ name }) => name);
  const spans = { connect: '1s', client: '30s', server: '30s', httpRequest: '5s' };
  return {
    schemaVersion: 1,
    defaults: {
      ...document.defaults,
      connections: 1000,
      hardStopAfter: '25m',
      timeouts: { ...mendSpans(document.defaults?.timeouts), ...spans },
    },
    frontends: [...document.frontends, ...shop.frontends]
      .slice(0, 3)
      .filter(({ binds }) => binds.length > 0)
      .map((frontend, index) => mendFrontend(frontend, index, known)),
    backends,
  };
}

function mendBackend(backend: Backend, index: number): Backend {
  const steered = backend.steered ?? false;
  const { healthCheck } = backend;
  const first: Server = { name: 'first', address: '127.0.0.1:80' };
  const servers = (backend.servers ?? []).map((server, at) => mendServer(server, at));
  return {
    ...backend,
    ...mendHeaders(backend),
    name: `b${index}.${backend.name.slice(0, 20)}`,
    timeouts: mendSpans(backend.timeouts),
    ...(healthCheck === undefined
      ? {}
      : {
          healthCheck: {
            ...healthCheck,
            ...mendSpans({ interval: healthCheck.interval, timeout: healthCheck.timeout }),
            host: healthCheck.host?.replace('*.', ''),
            expectStatus: '200-399',
          },
        }),
    balance: steered ? 'roundrobin' : backend.balance,
    servers: steered ? servers.map((server) => ({ ...server, backup: true })) : [first, ...servers],
  };
}

function mendServer(server: Server, index: number): Server {
  const port = Number(server.address.replace(/^.*:/, '')) % 65_000;
  const host = server.address.startsWith('[') ? '[::1]' : '10.1.2.3';
  const tls = server.tls && {
    serverName: 'inside.example.org',
    ...(server.tls.authority === undefined ? { insecure: true } : { authority: 'inside' }),
  };
  return { ...server, name: `s${index}.${server.name.slice(0, 20)}`, address: `${host}:${port + 1}`, tls };
}

function mendFrontend(frontend: Frontend, index: number, known: readonly string[]): Frontend {
  const routes = (frontend.routes ?? []).map((route, at) => mendRoute(route, at, known));
  return {
    ...frontend,
    ...mendHeaders(frontend),
    name: `f${index}.${frontend.name.slice(0, 20)}`,
    binds: frontend.binds.map((bind, at) => ({
      address: at % 2 === 0 ? '127.0.0.1' : '::1',
      port: 1000 + index * 10 + at,
      ...(bind.tls === undefined
        ? {}
        : {
            tls: {
              ...bind.tls,
              certificates: bind.tls.certificates.map((_, each) => `c${each}`),
              ...(bind.tls.clientAuthority === undefined ? {} : { clientAuthority: 'people' }),
            },
          }),
    })),
    routes: [...routes, { name: 'last', answer: { status: 404, body: 'nothing here' } }],
    timeouts: mendSpans(frontend.timeouts),
    limits: {
      ...frontend.limits,
      connections: 100,
      ...(frontend.limits?.requestRate === undefined ? {} : { requestRate: { requests: 5, per: '10s' } }),
    },
    defaultBackend: known[0],
  };
}

function mendRoute(route: Route, index: number, known: readonly string[]): Route {
  const { backend, redirect, answer, ...rest } = route;
  const mended = { ...rest, ...mendHeaders(rest), name: `r${index}.${route.name.slice(0, 20)}` };
  // Its own path, so that no earlier route takes all of it.
  mended.match = { ...route.match, paths: [`/r${index}`, ...(route.match?.paths ?? [])] };
  mended.match.headers = route.match?.headers?.map(({ name, value, prefix }) =>
    value === undefined ? { name, prefix } : { name, value },
  );
  if (answer !== undefined) return { ...mended, answer: { ...answer, status: 200 } };
  if (redirect?.location !== undefined) return { ...mended, redirect: { location: redirect.location } };
  if (redirect?.prefix !== undefined) return { ...mended, redirect: { prefix: redirect.prefix } };
  if (redirect !== undefined) return { ...mended, redirect: { scheme: 'https', status: redirect.status } };
  void backend;
  return known.length === 0
    ? { ...mended, answer: { status: 204 } }
    : { ...mended, backend: known[index % known.length] };
}

interface Changes {
  readonly requestHeaders?: HeaderChange[];
  readonly responseHeaders?: HeaderChange[];
}

function mendHeaders({ requestHeaders, responseHeaders }: Changes): Changes {
  return {
    requestHeaders: requestHeaders?.map(mendHeader),
    responseHeaders: responseHeaders
      ?.map(mendHeader)
      .map((change) => (change.from === 'host' ? { ...change, from: 'scheme' as const } : change)),
  };
}

function mendHeader({ action, name, value, from }: HeaderChange): HeaderChange {
  if (action === 'remove') return { action, name };
  if (value !== undefined) return { action, name, value };
  return from === undefined ? { action, name, value: "%'#" } : { action, name, from };
}

/** Times that HAProxy can count. */
function mendSpans<T extends Readonly<Record<string, string | undefined>>>(spans: T | undefined): T {
  return Object.fromEntries(
    Object.entries(spans ?? {}).map(([name, span]) => [name, span === undefined ? undefined : '7s']),
  ) as T;
}
