import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { ulid } from 'ulid';
import type { House } from './house.ts';
import { documentOf, flagsOf } from './config-rows.ts';
import { secretOf, type Known } from './rows.ts';

/** A request as sue may send it: to her own project with whatever ids she has heard of, or straight to the other one. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As in the OpenAPI document. */
  readonly route: string;
  readonly url: string;
  readonly body: object | null;
}

/** Of both projects: what rows.ts has put there, and what sue may upload. */
const releases = [secretOf('north', 'release'), secretOf('south', 'release'), 'sues own'].map((content) =>
  createHash('sha256').update(content).digest('hex'),
);

/** Calls over every route of the API, from its own document. */
export function anyCall({ app, north, south }: House): fc.Arbitrary<Call> {
  return fc.constantFrom(...routesOf(app)).chain(({ method, route }) =>
    fc
      .record({
        path: anyPath(route, north, south),
        query: anyQuery(method, north, south),
        body: anyBody(route, north, south),
      })
      .map(({ path, query, body }) => ({
        method,
        route: `${method} ${route}`,
        url: `${path}${query}`,
        body: method === 'POST' || method === 'PUT' ? body : null,
      })),
  );
}

function routesOf(app: House['app']): { method: Call['method']; route: string }[] {
  const { paths } = app.swagger() as { paths: Record<string, object> };
  return Object.entries(paths).flatMap(([route, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase() as Call['method'], route })),
  );
}

/** Mostly her own project: that she is refused at the door of the other one is told by a few. */
function anyPath(route: string, north: Known, south: Known): fc.Arbitrary<string> {
  const both = (list: (of: Known) => readonly string[]): fc.Arbitrary<string> =>
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...list(north)) },
      { weight: 3, arbitrary: fc.constantFrom(...list(south)) },
      { weight: 1, arbitrary: fc.constantFrom(ulid(0), 'no such thing') },
    );
  const project = fc.oneof(
    { weight: 9, arbitrary: fc.constant('south') },
    { weight: 1, arbitrary: fc.constantFrom('north', '*', 'default') },
  );
  const isStream = route.endsWith('/stream');
  const operations = both((of) => (isStream ? [of.closed] : of.operations));
  const values: Record<string, fc.Arbitrary<string>> = {
    project,
    proxy: both((of) => ['local', ...of.proxies]),
    environment: both((of) => of.environments),
    revision: both((of) => of.revisions),
    sha256: fc.constantFrom(...releases),
    key: fc.constantFrom('banner', 'other'),
    id: idsOf(route) ? both((of) => of[idsOf(route) ?? 'keys']) : operations,
    service: fc.constantFrom('web', 'shop', 'other'),
    commandId: both((of) => of.commands),
    entry: both((of) => of.entries),
    principal: fc.constantFrom('tom@example.org', 'ada'),
    channel: fc.constantFrom('ops', 'other'),
    group: fc.constantFrom('sre', 'other'),
    name: fc.constantFrom('gh', 'own', 'reddit'),
    source: fc.constantFrom('gh', 'own', 'other'),
    item: both((of) => of.feedback),
    repository: fc.constantFrom('acme/shop', `acme/north-secret-repository`),
  };
  return fc
    .tuple(...parametersOf(route).map((name) => values[name] ?? both((of) => of.operations)))
    .map((given) =>
      parametersOf(route).reduce(
        (path, name, index) => path.replace(`{${name}}`, encodeURIComponent(given[index] ?? '')),
        route,
      ),
    );
}

function parametersOf(route: string): string[] {
  return [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
}

function idsOf(route: string): 'keys' | 'deliveries' | 'gates' | 'feedback' | 'uploads' | 'clusters' | null {
  if (route.includes('/clusters/')) return 'clusters';
  if (route.includes('/uploads/')) return 'uploads';
  if (route.includes('/feedback/')) return 'feedback';
  if (route.includes('/approvals/')) return 'gates';
  if (route.includes('/api-keys/')) return 'keys';
  return route.includes('/notification-deliveries/') ? 'deliveries' : null;
}

function anyQuery(method: Call['method'], north: Known, south: Known): fc.Arbitrary<string> {
  if (method !== 'GET') return fc.constant('');
  const cursor = Buffer.from(north.operations[0] ?? '').toString('base64url');
  return fc.constantFrom(
    '',
    '',
    '',
    '?limit=100',
    '?limit=1',
    `?cursor=${cursor}`,
    '?status=closed',
    '?service=web',
    '?waiting=me',
    '?after=0&waitMs=0',
    '?from=1&to=2',
    '?environment=prod',
    `?from=${north.revisions[0]}&to=${south.revisions[0]}`,
    `?to=${north.revisions[0]}`,
  );
}

function anyBody(route: string, north: Known, south: Known): fc.Arbitrary<object> {
  const reason = 'because sue says so';
  const service = fc.constantFrom('web', 'shop', 'other');
  const subject = fc.constantFrom(...north.subjects, ...south.subjects, 'something else');
  const backend = fc.constantFrom(...north.backends, ...south.backends, 'other');
  const step = fc.record({ revision: fc.nat(2), step: fc.nat(1), reason: fc.constant(reason) });
  const revision = fc.constantFrom(...north.revisions, ...south.revisions);
  const document = documentOf('sues-own');
  const requests = [{ port: 8080, method: 'GET', host: 'shop', path: '/cart' }];
  const bodies: Record<string, fc.Arbitrary<object>> = {
    '/environments/{environment}': fc.constantFrom({}, { drift: 'revert' }),
    '/environments/{environment}/config': fc.constant({ document, reason }),
    '/config/plan': fc.oneof(
      revision.map((each) => ({ revision: each })),
      fc.constantFrom({ document }, {}),
    ),
    '/config/merge': revision.map((base) => ({ base, document })),
    '/config/import': fc.constant({ haproxy: 'frontend x' }),
    '/config/simulate': fc.record({ revision, against: revision, requests: fc.constant(requests) }),
    '/config/rollback': revision.map((each) => ({ revision: each, reason })),
    '/evaluate/flags': fc.constant({ context: { targetingKey: 'sue' } }),
    '/evaluate/flags/{key}': fc.constant({ context: { targetingKey: 'sue' } }),
    '/environments/{environment}/flags': fc.constant(flagsOf('sues-own')),
    '/config-rollouts': fc.record({
      environment: fc.constantFrom('prod', 'other'),
      revision,
      reason: fc.constant(reason),
    }),
    '/config-rollouts/{id}/commands': fc
      .constantFrom('pause', 'resume', 'abort', 'skip-bake')
      .map((kind) => ({ kind, revision: 0, reason })),
    '/enrollments': fc
      .constantFrom(...north.proxies, 'south-new')
      .map((proxy) => ({ proxy, environment: 'prod' })),
    '/agent-releases/{sha256}': fc.constant({ version: '1', content: 'sues own' }),
    '/agent-updates': fc
      .tuple(fc.constantFrom(...releases), fc.constantFrom(...north.proxies, ...south.proxies))
      .map(([release, proxy]) => ({ release, environment: 'prod', proxies: [proxy], reason })),
    '/services/{service}': fc.record({ name: service, backend }).map(({ name, backend: to }) => ({
      ...{
        name,
        start: { runtime: 'process', command: ['run'] },
        traffic: { provider: 'haproxy', backend: to },
      },
    })),
    '/canary-rollouts': fc.record({
      service,
      version: fc.constantFrom('v1', 'v2', 'v3'),
      supersede: fc.boolean(),
      reason: fc.constant(reason),
    }),
    '/clusters/commands': fc
      .constantFrom(...north.clusters, ...south.clusters)
      .chain((cluster) =>
        fc.constantFrom({ kind: 'rename', cluster, title: 'mine' }, { kind: 'lock', cluster, mode: 'open' }),
      ),
    '/clustering/settings': fc.constant({ threshold: 0.5 }),
    '/commands': fc
      .constantFrom('pause', 'resume', 'abort', 'promote')
      .chain((kind) => step.map((rest) => ({ kind, ...rest }))),
    '/decisions': fc.record({
      decision: fc.constantFrom('approve', 'reject'),
      subject,
      reason: fc.constant(reason),
    }),
    '/break-glass': subject.map((about) => ({ subject: about, reason })),
    '/rollback': fc.constant({ reason }),
    '/emergency-stop': fc.oneof(
      service.map((name) => ({ service: name, reason })),
      fc.constant({ all: true, reason }),
    ),
    '/release': service.map((name) => ({ service: name, reason })),
    '/erasures': fc.oneof(
      fc.constantFrom(...north.entries, ...south.entries).map((entry) => ({ entry, reason })),
      fc.constantFrom(...north.operations, ...south.operations).map((operation) => ({ operation, reason })),
      fc.constant({ principal: 'ada', reason }),
    ),
    '/members/{principal}': fc.subarray(['viewer', 'operator', 'approver']).map((roles) => ({ roles })),
    '/api-keys': fc.constantFrom('ada', 'tom@example.org').map((principal) => ({ principal, name: 'a key' })),
    '/notification-channels/{channel}': fc.constant({
      kind: 'webhook',
      target: 'https://sue.example.org/',
      secret: 'env:SUE',
      events: ['gate.opened'],
    }),
    '/groups/{group}': fc.constantFrom(['ada'], []).map((members) => ({ members, claim: 'sre' })),
    '/feedback': fc.constantFrom('one', 'two').map((title) => ({ title, externalId: title })),
    '/feedback/{id}': fc.constant({ title: 'mine', body: '', status: 'open', labels: [] }),
    '/sources/{name}': fc.constantFrom('manual', 'github').map((kind) => ({ kind })),
    '/ingest/{source}': fc.constant({ title: 'from sue' }),
    '/config/reddit/subreddits': fc.constant({ subreddits: ['rust'] }),
    '/v1/projects': fc.constantFrom('north', 'west').map((name) => ({ name })),
  };
  const known = Object.entries(bodies).find(([end]) => route.endsWith(end));
  return known?.[1] ?? fc.constant({});
}
