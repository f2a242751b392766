import { afterAll, beforeAll, expect, test } from 'vitest';
import { shop } from '../documents.ts';
import { auditOf } from '../../support/audit.ts';
import { configHouse, edited, withBackend, type ConfigHouse } from './house.ts';

let api: ConfigHouse;
beforeAll(async () => {
  api = await configHouse();
});
afterAll(() => api.close());

test('the first document makes the environment, and is its head', async () => {
  const before = await api.call('GET', 'environments/first/config');
  const put = await api.put('first', shop);
  const got = await api.call('GET', 'environments/first/config');

  expect(before.body).toMatchObject({ status: 404, detail: expect.stringContaining('holdfast config put') });
  expect(put.body).toMatchObject({
    project: 'default',
    environment: 'first',
    parent: null,
    author: 'ada',
    reason: 'because',
    schemaVersion: 1,
    isHead: true,
    isLive: false,
    document: shop,
    rendered: expect.stringContaining('frontend web'),
  });
  expect(put.headers['etag']).toBe(`"${put.body.revision}"`);
  expect(got.headers['etag']).toBe(put.headers['etag']);
  expect(got.body).toEqual(put.body);
  expect((await api.call('GET', 'environments/first')).body).toMatchObject({
    head: put.body.revision,
    live: null,
    previous: null,
    proxies: 0,
    proven: 0,
    drifting: 0,
    rollout: null,
    settings: {},
  });
  expect(await auditOf(api.db, { subject: 'first' })).toMatchObject([
    { action: 'config.put', principal: 'ada', detail: { revision: put.body.revision, parent: null } },
  ]);
});

test('what is no document is not put, whatever the condition says', async () => {
  expect((await api.call('PUT', 'environments/none/config', { document: shop })).body).toMatchObject({
    status: 400,
    errors: [{ pointer: '/reason' }],
  });
  expect((await api.call('GET', 'environments/none')).status).toBe(404);
});

test('a head is replaced by who has seen it, and by nobody else', async () => {
  const { body: one } = await api.put('seen', withBackend('one'));
  const blind = await api.call('PUT', 'environments/seen/config', {
    document: withBackend('two'),
    reason: 'blind',
  });
  const asFirst = await api.put('seen', withBackend('two'));
  const stale = await api.put('seen', withBackend('two'), 'f'.repeat(64));
  const fresh = await api.put('seen', withBackend('two'), one.revision as string);

  expect(blind.body).toMatchObject({ status: 400, errors: [{ pointer: 'headers/if-match' }] });
  expect(asFirst.body).toMatchObject({ status: 412, code: 'precondition-failed' });
  expect(stale.body).toMatchObject({ status: 412, detail: expect.stringContaining(one.revision as string) });
  expect(fresh.body).toMatchObject({ parent: one.revision, isHead: true });
  expect((await api.put('none-yet', shop, 'f'.repeat(64))).status).toBe(412);
});

test('of two people who put at once exactly one is told that he was late', async () => {
  const { body: base } = await api.put('race', shop);
  const names = ['a', 'b', 'c', 'd', 'e'];
  const answers = await Promise.all(
    names.map((name) => api.put('race', withBackend(name), base.revision as string)),
  );

  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412]);
  const { body: history } = await api.call('GET', 'environments/race/config/history');
  expect(history.items).toMatchObject([{ seq: 2, parent: base.revision }, { seq: 1 }]);
});

test('of two who put the first one at once exactly one is told', async () => {
  const answers = await Promise.all(['a', 'b'].map((name) => api.put('race-first', withBackend(name))));

  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
});

test('the same document again changes nothing, also when the first answer was lost', async () => {
  const { body: one } = await api.put('again', withBackend('one'));
  const { body: two } = await api.put('again', withBackend('two'), one.revision as string);
  const repeated = await api.put('again', withBackend('two'), one.revision as string);

  expect(repeated.body).toEqual(two);
  const { body: history } = await api.call('GET', 'environments/again/config/history');
  expect(history.items).toHaveLength(2);
});

test('back to what was there before is the same revision, and a move of its own', async () => {
  const { body: one } = await api.put('back', withBackend('one'));
  const { body: two } = await api.put('back', withBackend('two'), one.revision as string);
  const { body: back } = await api.put('back', withBackend('one'), two.revision as string);

  expect(back).toMatchObject({ revision: one.revision, createdAt: one.createdAt, parent: null });
  const seen: unknown[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await api.call(
      'GET',
      `environments/back/config/history?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`,
    );
    seen.push(...body.items.map((move: { revision: string }) => move.revision));
    cursor = body.next;
  } while (cursor !== undefined);
  expect(seen).toEqual([one.revision, two.revision, one.revision]);
  expect((await api.call('GET', 'environments/back/config/history?cursor=eA')).status).toBe(400);
  expect((await api.call('GET', 'environments/nowhere/config/history')).status).toBe(404);
});

test('an old revision is shown with what it rendered to', async () => {
  const { body: one } = await api.put('old', withBackend('one'));
  await api.put('old', withBackend('two'), one.revision as string);
  const { body } = await api.call('GET', `environments/old/config/revisions/${one.revision}`);

  expect(body).toEqual({ ...one, isHead: false });
  expect((await api.call('GET', `environments/old/config/revisions/${'f'.repeat(64)}`)).status).toBe(404);
});

const route = { name: 'r', match: { paths: ['/x'] }, backend: 'cart' };

test.each<[string, unknown, string]>([
  ['no schema version', { ...shop, schemaVersion: undefined }, '/document/schemaVersion'],
  ['a newer schema version', { ...shop, schemaVersion: 99 }, '/document/schemaVersion'],
  ['no frontends', { ...shop, frontends: undefined }, '/document/frontends'],
  ['an unknown member', { ...shop, backend: [] }, '/document/backend'],
  [
    'a port as text',
    edited((d) => Object.assign(d.frontends[0]?.binds[0] ?? {}, { port: '80' })),
    '/document/frontends/0/binds/0/port',
  ],
  [
    'a name that is no name',
    edited((d) => Object.assign(d.backends[0] ?? {}, { name: 'a b' })),
    '/document/backends/0/name',
  ],
  [
    'a path that is no path',
    edited((d) => d.frontends[0]?.routes?.push({ ...route, match: { paths: ['x'] } })),
    '/document/frontends/0/routes/3/match/paths/0',
  ],
  [
    'a timeout that is none',
    edited((d) => Object.assign(d.defaults?.timeouts ?? {}, { client: 'soon' })),
    '/document/defaults/timeouts/client',
  ],
  [
    'a weight beyond',
    edited((d) => Object.assign(d.backends[0]?.servers?.[0] ?? {}, { weight: 257 })),
    '/document/backends/0/servers/0/weight',
  ],
  [
    'an address without a port',
    edited((d) => Object.assign(d.backends[0]?.servers?.[0] ?? {}, { address: 'host' })),
    '/document/backends/0/servers/0/address',
  ],
  [
    'a backend that is not there',
    edited((d) => d.frontends[0]?.routes?.push({ ...route, backend: 'nobody' })),
    '/document/frontends/0/routes/3/backend',
  ],
  [
    'two backends of one name',
    edited((d) => d.backends.push({ name: 'cart', servers: [] })),
    '/document/backends/2/name',
  ],
  [
    'a route after one that takes all',
    edited((d) => d.frontends[0]?.routes?.unshift({ name: 'all', backend: 'cart' })),
    '/document/frontends/0/routes/1',
  ],
  ['missing timeouts', edited((d) => delete d.defaults), '/document/defaults/timeouts/connect'],
])('%s is refused with a pointer', async (_name, document, pointer) => {
  const answer = await api.call(
    'PUT',
    'environments/bad/config',
    { document: JSON.parse(JSON.stringify(document)) as object, reason: 'x' },
    { 'if-none-match': '*' },
  );

  expect(answer.body).toMatchObject({ status: 400, code: 'invalid-input' });
  expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
});
