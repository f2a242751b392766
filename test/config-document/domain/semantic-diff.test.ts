import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ConfigDocument } from '../../../contracts/config-document.ts';
import { canonicalJson } from '../../../domain/canonical-json.ts';
import { reloadClass } from '../../../domain/config-document/reload-class.ts';
import { semanticDiff } from '../../../domain/config-document/semantic-diff.ts';
import { outOfOrder } from '../../../domain/config-document/semantic-diff/pair.ts';
import { shop, validDocuments } from '../documents.ts';

type Draft = ConfigDocument;

function edited(edit: (draft: Draft) => void): ConfigDocument {
  const draft = structuredClone(shop);
  edit(draft);
  return draft;
}

const web = (draft: Draft) => draft.frontends[0] ?? { name: '', binds: [] };
const route = (draft: Draft, index: number) => web(draft).routes?.[index] ?? { name: '' };
const cart = (draft: Draft) => draft.backends[0] ?? { name: '' };
const server = (draft: Draft, index: number) => cart(draft).servers?.[index] ?? { name: '', address: '' };

test.each<[string, (draft: Draft) => void, string, string, string, 'runtime' | 'reload']>([
  [
    'route moved',
    (d) => (route(d, 0).backend = 'pages'),
    'route-moved',
    '/frontends/0/routes/0',
    'route cart of web leads to backend pages, it led to backend cart',
    'reload',
  ],
  [
    'route match',
    (d) => (route(d, 0).match = { prefixes: ['/c'] }),
    'route-match',
    '/frontends/0/routes/0/match',
    'route cart of web: match becomes {"prefixes":["/c"]}, it was {"prefixes":["/cart"]}',
    'reload',
  ],
  [
    'route added',
    (d) => web(d).routes?.unshift({ name: 'n', answer: { status: 204 } }),
    'route-added',
    '/frontends/0/routes/0',
    'route n of web is added at place 1 and leads to the answer {"status":204}',
    'reload',
  ],
  [
    'route removed',
    (d) => web(d).routes?.splice(0, 1),
    'route-removed',
    '/frontends/0/routes/0',
    'route cart of web, which led to backend cart, is removed',
    'reload',
  ],
  [
    'route order',
    (d) => web(d).routes?.push(...(web(d).routes?.splice(0, 1) ?? [])),
    'route-order',
    '/frontends/0/routes/2',
    'route cart of web is asked at another place, now 3',
    'reload',
  ],
  [
    'route headers',
    (d) => (route(d, 0).requestHeaders = [{ action: 'remove', name: 'a' }]),
    'headers',
    '/frontends/0/routes/0/requestHeaders',
    'route cart of web: requestHeaders becomes [{"action":"remove","name":"a"}], it was not set',
    'reload',
  ],
  [
    'default backend',
    (d) => (web(d).defaultBackend = 'cart'),
    'route-moved',
    '/frontends/0/defaultBackend',
    'frontend web: defaultBackend becomes cart, it was pages',
    'reload',
  ],
  [
    'weight',
    (d) => (server(d, 0).weight = 5),
    'server-weight',
    '/backends/0/servers/0/weight',
    'server c1 of cart: weight becomes 5, it was 10',
    'runtime',
  ],
  [
    'weight with a static algorithm',
    (d) => ((cart(d).balance = 'static-rr'), (server(d, 0).weight = 5)),
    'server-weight',
    '/backends/0/servers/0/weight',
    'server c1 of cart: weight becomes 5, it was 10',
    'reload',
  ],
  [
    'address',
    (d) => (server(d, 0).address = '10.9.9.9:1'),
    'server-address',
    '/backends/0/servers/0/address',
    'server c1 of cart: address becomes 10.9.9.9:1, it was 10.0.0.1:80',
    'runtime',
  ],
  [
    'a name for an address',
    (d) => (server(d, 0).address = 'c:1'),
    'server-address',
    '/backends/0/servers/0/address',
    'server c1 of cart: address becomes c:1, it was 10.0.0.1:80',
    'reload',
  ],
  [
    'disabled',
    (d) => (server(d, 0).disabled = true),
    'server-state',
    '/backends/0/servers/0/disabled',
    'server c1 of cart: disabled becomes true, it was not set',
    'runtime',
  ],
  [
    'server added',
    (d) => cart(d).servers?.push({ name: 'c3', address: '10.0.0.3:80' }),
    'server-added',
    '/backends/0/servers/2',
    'server c3 of cart at 10.0.0.3:80 is added with weight 1',
    'runtime',
  ],
  [
    'TLS server added',
    (d) => cart(d).servers?.push({ name: 'c3', address: '10.0.0.3:80', tls: { insecure: true } }),
    'server-added',
    '/backends/0/servers/2',
    'server c3 of cart at 10.0.0.3:80 is added with weight 1',
    'reload',
  ],
  [
    'server removed',
    (d) => cart(d).servers?.shift(),
    'server-removed',
    '/backends/0/servers/0',
    'server c1 of cart at 10.0.0.1:80 is removed',
    'runtime',
  ],
  [
    'server limit',
    (d) => (server(d, 1).connections = 9),
    'server-changed',
    '/backends/0/servers/1/connections',
    'server c2 of cart: connections becomes 9, it was not set',
    'reload',
  ],
  [
    'backend timeout',
    (d) => (cart(d).timeouts = { server: '9s' }),
    'timeout',
    '/backends/0/timeouts/server',
    'backend cart, timeouts: server becomes 9s, it was not set',
    'reload',
  ],
  [
    'default timeout',
    (d) => (d.defaults = { ...d.defaults, timeouts: { ...d.defaults?.timeouts, client: '9s' } }),
    'timeout',
    '/defaults/timeouts/client',
    'defaults, timeouts: client becomes 9s, it was 30s',
    'reload',
  ],
  [
    'limit',
    (d) => (web(d).limits = { connections: 9 }),
    'limit',
    '/frontends/0/limits/connections',
    'frontend web, limits: connections becomes 9, it was not set',
    'reload',
  ],
  [
    'bind added',
    (d) => web(d).binds.push({ port: 1, address: '::1' }),
    'bind-added',
    '/frontends/0/binds/1',
    'frontend web listens on [::1]:1 as well',
    'reload',
  ],
  [
    'bind removed',
    (d) => web(d).binds.pop(),
    'bind-removed',
    '/frontends/0/binds/0',
    'frontend web no longer listens on *:8080',
    'reload',
  ],
  [
    'backend removed',
    (d) => d.backends.pop(),
    'backend-removed',
    '/backends/1',
    'backend pages is removed with 1 server',
    'reload',
  ],
  [
    'frontend added',
    (d) => d.frontends.push({ name: 'f', binds: [{ port: 9 }] }),
    'frontend-added',
    '/frontends/1',
    'frontend f is added on *:9',
    'reload',
  ],
])('%s', (_, edit, kind, pointer, detail, expected) => {
  const after = edited(edit);
  const changes = semanticDiff(shop, after);

  expect(changes).toContainEqual({ kind, pointer, detail });
  expect(reloadClass(shop, after).reasons.find((reason) => reason.pointer === pointer)?.class).toBe(expected);
});

test('limits that stay numbers change at run time', () => {
  const limited = edited((d) => (web(d).limits = { connections: 9 }));
  const wider = edited((d) => (web(d).limits = { connections: 10 }));

  expect(reloadClass(limited, wider).class).toBe('runtime');
});

test('one reason to reload is enough, and each says why', () => {
  const plan = reloadClass(
    shop,
    edited((d) => ((server(d, 0).weight = 5), (route(d, 0).backend = 'pages'))),
  );

  expect(plan.class).toBe('reload');
  expect(plan.reasons.map((reason) => reason.class).sort()).toEqual(['reload', 'runtime']);
  expect(plan.reasons.find((reason) => reason.class === 'reload')?.detail).toContain(
    'only the file can say it',
  );
});

test('order that means nothing needs nothing', () => {
  const turned = edited((d) => (d.backends.reverse(), cart(d).servers?.reverse()));

  expect(reloadClass(shop, turned)).toEqual({ class: 'nothing', reasons: [] });
  expect(semanticDiff(shop, structuredClone(shop))).toEqual([]);
});

test('servers in another order count where the algorithm goes by it', () => {
  const first = edited((d) => (cart(d).balance = 'first'));
  const turned = structuredClone(first);
  turned.backends[0]?.servers?.reverse();

  expect(reloadClass(first, turned).class).toBe('reload');
});

test('nothing differs without being told', () => {
  fc.assert(
    fc.property(validDocuments, validDocuments, (before, after) => {
      const told = semanticDiff(before, after).length > 0;
      expect(told).toBe(canonicalJson(sorted(before)) !== canonicalJson(sorted(after)));
    }),
  );
});

test('every leaf that is edited is told', () => {
  fc.assert(
    fc.property(validDocuments, fc.nat(), (document, which) => {
      const { edited: after, didEdit } = withOneLeaf(document, which);
      fc.pre(didEdit);
      expect(semanticDiff(document, after)).not.toEqual([]);
    }),
  );
});

test('the fewest are out of order', () => {
  expect(outOfOrder([0, 1, 2, 3])).toEqual([]);
  expect(outOfOrder([3, 0, 1, 2])).toEqual([3]);
  expect(outOfOrder([1, 2, 3, 0])).toEqual([0]);
  expect(outOfOrder([])).toEqual([]);
  expect(outOfOrder([2, 1, 0])).toHaveLength(2);
});

/** Without the order that means nothing. */
function sorted(document: ConfigDocument): ConfigDocument {
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
  return {
    ...document,
    defaults: document.defaults ?? {},
    frontends: document.frontends.toSorted(byName),
    backends: document.backends.toSorted(byName),
  };
}

/** The document with one text, number or truth value in it changed. */
function withOneLeaf(document: ConfigDocument, which: number): { edited: ConfigDocument; didEdit: boolean } {
  let count = 0;
  const total = JSON.stringify(document).length;
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(
        Object.entries(value).map(([key, part]) => [key, key === 'schemaVersion' ? part : walk(part)]),
      );
    count += 1;
    if (count !== (which % total) + 1) return value;
    if (typeof value === 'string') return `${value}9`;
    return typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : value;
  };
  const edited = walk(document) as ConfigDocument;
  return { edited, didEdit: canonicalJson(edited) !== canonicalJson(document) };
}
