import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, inject, test } from 'vitest';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { Frontend } from '../../contracts/config-document/frontend.ts';
import { impactOf, type SampledRequest } from '../../domain/config-document/impact.ts';
import { shadowConfigs } from '../../domain/config-document/shadow-config.ts';
import { createShadowRun } from '../../providers/config-check/shadow-run.ts';
import { shop } from '../config-document/documents.ts';

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-shadows-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const run = createShadowRun({ haproxy: 'haproxy', scratch });
const { signal } = new AbortController();
const [web] = shop.frontends as [Frontend];

function get(path: string, more: Partial<SampledRequest> = {}): SampledRequest {
  return { port: 8080, method: 'GET', host: 'shop.example.org', path, headers: {}, ...more };
}

function withWeb(change: Partial<Frontend>): ConfigDocument {
  return { ...shop, frontends: [{ ...web, ...change }] };
}

async function compare(after: ConfigDocument, requests: readonly SampledRequest[], before = shop) {
  const [old, young] = shadowConfigs(before, after);
  const answers = [await run.replay(old, requests, signal), await run.replay(young, requests, signal)];
  return { answers, impacts: impactOf(answers[0] ?? [], answers[1] ?? []) };
}

test('every answer tells its route, its backend and what the proxy says itself', async () => {
  const requests = [get('/cart/1'), get('/old'), get('/ping'), get('/x'), get('/x', { port: 1 })];
  const { answers } = await compare(shop, requests);

  expect(answers[0]).toMatchObject([
    { status: 200, route: 'cart', backend: 'cart' },
    { status: 301, route: 'old', backend: null, headers: { location: '/new' } },
    { status: 200, route: 'ping', backend: null, body: 'pong' },
    { status: 200, route: null, backend: 'pages' },
    { status: null, route: null, backend: null },
  ]);
});

test('names what changes of each request, and no other request', async () => {
  const routes = (web.routes ?? []).map((route) =>
    route.name === 'cart' ? { ...route, backend: 'pages' } : route,
  );
  const { impacts } = await compare(withWeb({ routes }), [get('/x'), get('/cart'), get('/ping')]);

  expect(impacts).toEqual([{ index: 1, changes: [{ what: 'backend', before: 'cart', after: 'pages' }] }]);
});

test('speaks TLS where a bind does, with what the client would send', async () => {
  const tls = { certificates: ['shop'], clientAuthority: 'staff' };
  const requestHeaders = [{ action: 'set' as const, name: 'x-scheme', from: 'scheme' as const }];
  const secure = withWeb({ binds: [{ port: 8443, tls }], requestHeaders });
  const requests = [get('/x', { port: 8443 }), get('/x', { port: 8443, host: '10.0.0.1' })];
  const { answers, impacts } = await compare(secure, requests, secure);

  expect(impacts).toEqual([]);
  expect(answers[0]?.map(({ headers }) => headers['x-holdfast-seen-x-scheme'])).toEqual(['https', 'https']);
});

test('what differs by itself is no impact', async () => {
  const changes = [{ action: 'set' as const, name: 'X-Request-Id', from: 'request-id' as const }];
  const traced = withWeb({ requestHeaders: changes, responseHeaders: changes });

  expect((await compare(traced, [get('/x'), get('/cart')], traced)).impacts).toEqual([]);
});

test('limits and short times of the document are not what is shown', async () => {
  const tight = {
    ...withWeb({
      limits: { connections: 1, requestRate: { requests: 1, per: '1m' } },
      timeouts: { client: '1ms' },
    }),
    defaults: { ...shop.defaults, connections: 1 },
  };
  const requests = Array.from({ length: 40 }, () => get('/cart'));

  expect((await compare(tight, requests)).impacts).toEqual([]);
});

test('a backend that nobody answers for is unavailable; a steered one has the servers of its rollout', async () => {
  const [cart, pages] = shop.backends as [
    ConfigDocument['backends'][number],
    ConfigDocument['backends'][number],
  ];
  const drained = (cart.servers ?? []).map((server) => ({ ...server, weight: 0 }));
  const { answers } = await compare({ ...shop, backends: [{ ...cart, servers: drained }, pages] }, [
    get('/cart'),
  ]);
  const steered = await compare({ ...shop, backends: [{ ...cart, servers: [], steered: true }, pages] }, [
    get('/cart'),
  ]);

  expect(answers[1]).toMatchObject([{ status: 503 }]);
  expect(steered.impacts).toEqual([]);
});

test('what does not start says why, and leaves nothing', async () => {
  const [old] = shadowConfigs(withWeb({ defaultBackend: 'nowhere' }), shop);

  await expect(run.replay(old, [], signal)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('nowhere') as string,
  });
  expect(readdirSync(scratch)).toEqual([]);
});

test('a run that is called off ends', async () => {
  const [old] = shadowConfigs(shop, shop);

  await expect(run.replay(old, [get('/')], AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  expect(readdirSync(scratch)).toEqual([]);
});

test('a tunnel, which has no answer, ends as a fault and not never', async () => {
  const [config] = shadowConfigs(shop, shop);

  await expect(run.replay(config, [get('/a', { method: 'CONNECT' })], signal)).rejects.toThrow(
    'no answer to CONNECT /a',
  );
});

/** The shadow takes 2,000 connections. */
const names = inject('long') ? 2500 : 550;

test('more names than the proxy takes connections are asked by TLS', { timeout: 120_000 }, async () => {
  const secure = withWeb({ binds: [{ port: 8443, tls: { certificates: ['shop'] } }] });
  const [config] = shadowConfigs(secure, secure);
  const requests = Array.from({ length: names }, (_, index) =>
    get('/x', { port: 8443, host: `h${index}.example.org` }),
  );

  expect(await run.replay(config, requests, signal)).toHaveLength(names);
});
