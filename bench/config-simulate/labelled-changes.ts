import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { Backend } from '../../contracts/config-document/backend.ts';
import type { Frontend, Route } from '../../contracts/config-document/frontend.ts';
import type { ImpactChange } from '../../domain/config-document/impact.ts';
import type { LabelledRequest } from './requests.ts';
import { shopDocument } from './shop.ts';

export interface LabelledChange {
  readonly name: string;
  readonly document: ConfigDocument;
  /** Whether a request is answered otherwise, by who made both the change and the request. */
  readonly affects: (request: LabelledRequest) => boolean;
  /** What is told of each affected request, among other things; null where nothing is affected. */
  readonly what: ImpactChange['what'] | null;
}

type Edit = (shop: Parts) => void;

interface Parts {
  readonly document: ConfigDocument;
  readonly web: Frontend;
  readonly internal: Frontend;
  readonly routes: Route[];
  route(name: string): Route;
  backend(name: string): Backend;
}

const lane =
  (...names: readonly string[]) =>
  (request: LabelledRequest): boolean =>
    names.includes(request.lane);
const isWeb = (request: LabelledRequest): boolean => request.port !== 9090;
const nobody = (): boolean => false;
const inLane = (name: string, test: (request: LabelledRequest) => boolean) => (request: LabelledRequest) =>
  request.lane === name && test(request);

/** Forty changes of the shop, with whom each of them affects. */
export const labelledChanges: readonly LabelledChange[] = [
  change('admin leads to pages', (s) => (s.route('admin').backend = 'pages'), lane('admin'), 'backend'),
  change('beta leads to shop', (s) => (s.route('beta').backend = 'shop'), lane('beta'), 'backend'),
  change('writes lead to shop', (s) => (s.route('writes').backend = 'shop'), lane('writes'), 'backend'),
  change('shop leads to writer', (s) => (s.route('shop').backend = 'writer'), lane('shop'), 'backend'),
  change('tenants lead to pages', (s) => (s.route('tenants').backend = 'pages'), lane('tenants'), 'backend'),
  ...[0, 7, 13, 21, 29].map((api) =>
    change(
      `api ${api} leads to svc1`,
      (s) => (s.route(`api${api}`).backend = 'svc1'),
      lane(`api${api}`),
      'backend',
    ),
  ),
  change(
    'another target of a redirect',
    (s) => (s.route('old').redirect = { location: '/newer', status: 301 }),
    lane('old'),
    'header',
  ),
  change(
    'another status of a redirect',
    (s) => (s.route('old').redirect = { location: '/new', status: 308 }),
    lane('old'),
    'status',
  ),
  change(
    'a redirect becomes an answer',
    (s) => replace(s, 'old', { answer: { status: 410 } }),
    lane('old'),
    'status',
  ),
  change(
    'another body',
    (s) => (s.route('health').answer = { status: 200, body: 'well' }),
    lane('health'),
    'body',
  ),
  change(
    'another status',
    (s) => (s.route('health').answer = { status: 503, body: 'ok' }),
    lane('health'),
    'status',
  ),
  change(
    'an answer becomes a backend',
    (s) => replace(s, 'health', { backend: 'pages' }),
    lane('health'),
    'backend',
  ),
  change('beta is removed', (s) => remove(s, 'beta'), lane('beta'), 'route'),
  change('writes are removed', (s) => remove(s, 'writes'), lane('writes'), 'route'),
  change('shop is removed', (s) => remove(s, 'shop'), lane('shop'), 'backend'),
  change(
    'shop comes first',
    (s) => s.routes.unshift(remove(s, 'shop')),
    (r) => lane('beta', 'writes')(r) || (r.lane === 'admin' && r.path.startsWith('/shop')),
    'backend',
  ),
  change('beta comes last', (s) => s.routes.push(remove(s, 'beta')), lane('beta'), 'route'),
  change(
    'a hijack of a part',
    (s) => s.routes.unshift({ name: 'new', match: { prefixes: ['/api/3/hijack'] }, backend: 'pages' }),
    inLane('api3', (r) => r.path.startsWith('/api/3/hijack')),
    'backend',
  ),
  change(
    'a hijack by host',
    (s) => s.routes.unshift({ name: 'new', match: { hosts: ['WWW.example.org'] }, backend: 'admin' }),
    (r) => isWeb(r) && r.host.startsWith('www.'),
    'route',
  ),
  change(
    'a hijack by header',
    (s) => s.routes.unshift({ name: 'new', match: { headers: [{ name: 'x-beta' }] }, backend: 'pages' }),
    lane('beta'),
    'backend',
  ),
  change('another default', (s) => (s.web.defaultBackend = 'shop'), lane('pages'), 'backend'),
  change('no default', (s) => delete s.web.defaultBackend, lane('pages'), 'status'),
  change(
    'another name',
    (s) => ((s.route('shop') as { name: string }).name = 'store'),
    lane('shop'),
    'route',
  ),
  change(
    'a header of all answers',
    (s) => (s.web.responseHeaders = [{ action: 'set', name: 'x-frame-options', value: 'DENY' }]),
    isWeb,
    'header',
  ),
  change(
    'a header of the answers of a route',
    (s) => (s.route('admin').responseHeaders = [{ action: 'set', name: 'x-a', value: "100% 'safe'" }]),
    lane('admin'),
    'header',
  ),
  change(
    'a header of the requests of a backend',
    (s) => (s.backend('svc2').requestHeaders = [{ action: 'set', name: 'x-a', value: 'b' }]),
    lane('api2'),
    'header',
  ),
  change(
    'a header is taken away',
    (s) => (s.route('beta').requestHeaders = [{ action: 'remove', name: 'X-Beta' }]),
    lane('beta'),
    'header',
  ),
  change(
    'fewer hosts',
    (s) => (s.route('tenants').match = { hosts: ['*.eu.tenants.example.org'] }),
    inLane('tenants', (r) => !r.host.includes('.eu.')),
    'backend',
  ),
  change(
    'a longer prefix',
    (s) => (s.route('api5').match = { prefixes: ['/api/5/v2'] }),
    inLane('api5', (r) => !r.path.startsWith('/api/5/v2')),
    'backend',
  ),
  change(
    'one more path',
    (s) => (s.route('health').match = { paths: ['/health', '/healthz'] }),
    inLane('pages', (r) => r.path === '/healthz'),
    'route',
  ),
  change(
    'one more method',
    (s) => (s.route('writes').match = { prefixes: ['/shop'], methods: ['POST', 'PUT', 'DELETE'] }),
    inLane('shop', (r) => r.method === 'DELETE'),
    'backend',
  ),
  change(
    'nobody left to answer',
    (s) => s.backend('svc8').servers?.forEach((server) => (server.weight = 0)),
    lane('api8'),
    'status',
  ),
  change('another port', (s) => (s.internal.binds[0] = { port: 9191 }), lane('internal'), 'listener'),
  change(
    'all to https',
    (s) => s.routes.unshift({ name: 'tls', redirect: { scheme: 'https', status: 301 } }),
    (r) => r.port === 8080,
    'route',
  ),
  change(
    'weights, addresses, checks',
    (s) => (s.backend('svc9').servers = [{ name: 'z', address: '10.9.9.9:9', weight: 3 }]),
    nobody,
    null,
  ),
  change(
    'an order that means nothing',
    (s) => (
      s.routes.splice(6, 20, ...s.routes.slice(6, 26).reverse()),
      s.document.backends.reverse(),
      (s.document.defaults = { ...s.document.defaults, connections: 500 })
    ),
    nobody,
    null,
  ),
];

function change(
  name: string,
  edit: Edit,
  affects: LabelledChange['affects'],
  what: LabelledChange['what'],
): LabelledChange {
  const document = shopDocument();
  edit(partsOf(document));
  return { name, document, affects, what };
}

function partsOf(document: ConfigDocument): Parts {
  const [web, internal] = document.frontends as [Frontend, Frontend];
  const routes = web.routes ?? [];
  return {
    document,
    web,
    internal,
    routes,
    route: (name) => named(routes, name),
    backend: (name) => named(document.backends, name),
  };
}

function remove({ routes, route }: Parts, name: string): Route {
  const found = route(name);
  routes.splice(routes.indexOf(found), 1);
  return found;
}

function replace({ routes, route }: Parts, name: string, action: Partial<Route>): void {
  const { match } = route(name);
  routes[routes.indexOf(route(name))] = { name, match, ...action };
}

function named<T extends { readonly name: string }>(items: readonly T[], name: string): T {
  const found = items.find((item) => item.name === name);
  if (found === undefined) throw new Error(`the shop has no ${name}`);
  return found;
}
