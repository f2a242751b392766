import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shop } from '../documents.ts';
import { configHouse, edited, withBackend, type ConfigHouse } from './house.ts';

let api: ConfigHouse;
let head: string;
beforeAll(async () => {
  api = await configHouse();
  head = (await api.put('prod', shop)).body.revision as string;
});
afterAll(() => api.close());

const cartMoves = edited((draft) =>
  Object.assign(draft.frontends[0]?.routes?.[0] ?? {}, { backend: 'pages' }),
);
const post = (what: string, body: object, environment = 'prod') =>
  api.call('POST', `environments/${environment}/config/${what}`, body);
const pointers = (body: { errors: { pointer: string }[] }) => body.errors.map(({ pointer }) => pointer);

describe('plan', () => {
  test('a draft is compared with the head, nothing is written', async () => {
    const { body } = await post('plan', { document: cartMoves });

    expect(body).toMatchObject({
      problems: [],
      findings: [],
      diff: {
        from: head,
        to: body.revision,
        changes: [{ kind: 'route-moved', pointer: '/frontends/0/routes/0' }],
        reload: { class: 'reload', reasons: [expect.stringContaining('only the file can say it')] },
      },
      frozenUntil: null,
      waves: [[], [], []],
    });
    expect(body.diff.files).toContain(`+++ haproxy.cfg\t${body.revision}`);
    expect(body.diff.files).toMatch(/^-.*use_backend cart/m);
    expect((await api.call('GET', `environments/prod/config/revisions/${body.revision}`)).status).toBe(404);
  });

  test('a draft for an environment that is not there yet is compared with nothing', async () => {
    const { body } = await post('plan', { document: shop }, 'not-yet');

    expect(body).toMatchObject({ revision: head, diff: { from: null, to: head } });
    expect((await api.call('GET', 'environments/not-yet')).status).toBe(404);
    expect((await post('plan', {}, 'not-yet')).status).toBe(404);
  });

  test('the head is previewed against what it came from, a revision against the head', async () => {
    const { body: next } = await api.put('chain', withBackend('one'));
    const { body: last } = await api.put('chain', withBackend('two'), next.revision as string);

    expect((await post('plan', {}, 'chain')).body.diff).toMatchObject({
      from: next.revision,
      to: last.revision,
    });
    expect((await post('plan', { revision: next.revision }, 'chain')).body.diff).toMatchObject({
      from: last.revision,
      to: next.revision,
    });
  });

  test('what the policy refuses is told with pointers into the document', async () => {
    const document = edited((draft) => Object.assign(draft.frontends[0] ?? {}, { defaultBackend: 'nobody' }));
    const { status, body } = await post('plan', { document });

    expect(status).toBe(200);
    expect(body.problems).toMatchObject([{ pointer: '/frontends/0/defaultBackend' }]);
    expect(body.findings).toEqual([]);
  });

  test('waves of the fleet as it is now, the same as a start would freeze', async () => {
    await api.put('fleet', shop);
    const names = Array.from({ length: 20 }, (_, index) => `p-${index}`);
    const base = { project: 'default', environment: 'fleet', invited_by: 'ada', address: null };
    const none = {
      token_hash: null,
      token_expires_at: null,
      enrolled_at: null,
      owner: null,
      sequence: null,
      ordered_at: null,
    };
    for (const proxy of [...names, 'p-invited']) {
      const state = proxy === 'p-invited' ? ('invited' as const) : ('enrolled' as const);
      const region = proxy === 'p-3' ? 'eu' : null;
      await api.db
        .insertInto('fleet_proxy')
        .values({ ...base, ...none, proxy, state, region })
        .execute();
    }
    const plan = { waves: [{ regions: ['eu'] }, { percent: 30 }] };
    const { body } = await post('plan', { plan }, 'fleet');

    expect(body.waves[0]).toEqual(['p-3']);
    expect(body.waves.flat().sort()).toEqual([...names].sort());
    expect(body.plan.waves.map(({ rule }: { rule: object }) => rule)).toEqual([
      { by: 'region', regions: ['eu'] },
      { by: 'percent', percent: 30 },
      { by: 'rest' },
    ]);
    expect((await api.call('GET', 'environments/fleet')).body).toMatchObject({ proxies: 20, proven: 0 });
  });

  test('the plan and the freezes of the environment count where nothing else is said', async () => {
    await api.call('PUT', 'environments/frozen', {
      plan: { waves: [], rest: { bake: '7s' } },
      freezes: [{ since: '2020-01-01T00:00:00Z', until: '2099-01-01T00:00:00Z', reason: 'sale' }],
    });
    const { body } = await post('plan', { document: shop }, 'frozen');

    expect(body).toMatchObject({
      frozenUntil: '2099-01-01T00:00:00.000Z',
      plan: { waves: [{ bakeMs: 7000 }] },
    });
  });

  test.each([
    [{ document: shop, revision: 'f'.repeat(64) }, '/revision'],
    [{ document: { schemaVersion: 1 } }, '/document/frontends'],
    [{ plan: { waves: [{}] } }, '/plan/waves/0'],
    [{ plan: { waves: [{ percent: 200 }] } }, '/plan/waves/0/percent'],
    [
      { plan: { rest: { approval: { groups: [{ group: 'nobody', approvals: 1 }] } } } },
      '/plan/rest/approval/groups/0/group',
    ],
    [{ revision: 'head' }, '/revision'],
    [{ documents: shop }, '/documents'],
  ])('%j is refused with a pointer', async (body, pointer) => {
    const answer = await post('plan', body);

    expect(answer.body).toMatchObject({ status: 400, code: 'invalid-input' });
    expect(pointers(answer.body)).toContain(pointer);
  });
});

describe('diff', () => {
  test('two revisions, the head with its parent, and a revision with itself', async () => {
    const { body: one } = await api.put('diffs', withBackend('one'));
    const { body: two } = await api.put('diffs', withBackend('two'), one.revision as string);
    const diff = (query: string) => api.call('GET', `environments/diffs/config/diff${query}`);

    const usual = (await diff('')).body;
    expect(usual).toMatchObject({ from: one.revision, to: two.revision });
    expect(usual.changes.map(({ kind }: { kind: string }) => kind).sort()).toEqual([
      'backend-added',
      'backend-removed',
    ]);
    expect((await diff(`?from=${two.revision}&to=${one.revision}`)).body).toMatchObject({ to: one.revision });
    expect((await diff(`?from=${two.revision}`)).body).toEqual({
      from: two.revision,
      to: two.revision,
      changes: [],
      files: '',
      reload: { class: 'nothing', reasons: [] },
    });
    expect((await diff(`?to=${one.revision}`)).body).toMatchObject({ from: null });
    expect((await diff(`?to=${'f'.repeat(64)}`)).status).toBe(404);
    expect((await diff('?to=head')).status).toBe(400);
    expect((await api.call('GET', 'environments/nowhere/config/diff')).status).toBe(404);
  });

  test('what is live is what a diff begins from', async () => {
    const { body: one } = await api.put('live', withBackend('one'));
    const { body: two } = await api.put('live', withBackend('two'), one.revision as string);
    const { body: three } = await api.put('live', withBackend('three'), two.revision as string);
    await api.db
      .insertInto('config_order')
      .values({
        ...{
          project: 'default',
          environment: 'live',
          sequence: 1,
          kind: 'apply',
          revision: one.revision as string,
        },
        ...{ hash: 'a'.repeat(64), drift: 'report', operation_id: null, name: 'x' },
      })
      .execute();
    await api.db
      .updateTable('config_environment')
      .set({ live_sequence: 1 })
      .where('name', '=', 'live')
      .execute();

    expect((await api.call('GET', 'environments/live/config/diff')).body).toMatchObject({
      from: one.revision,
      to: three.revision,
    });
    expect((await post('plan', {}, 'live')).body.diff).toMatchObject({ from: one.revision });
    expect((await api.call('GET', 'environments/live')).body).toMatchObject({
      live: one.revision,
      previous: null,
    });
    expect((await api.call('GET', `environments/live/config/revisions/${one.revision}`)).body.isLive).toBe(
      true,
    );
  });
});

describe('merge', () => {
  test('what two people changed in different places comes together', async () => {
    const { body: base } = await api.put('merges', shop);
    const { body: theirs } = await api.put('merges', withBackend('theirs'), base.revision as string);
    const { body } = await post('merge', { base: base.revision, document: cartMoves }, 'merges');

    expect(body).toMatchObject({ head: theirs.revision, conflicts: [] });
    expect(body.document.backends.map(({ name }: { name: string }) => name)).toContain('theirs');
    expect(body.document.frontends[0].routes[0].backend).toBe('pages');
    expect((await api.put('merges', body.document as object, theirs.revision as string)).status).toBe(200);
  });

  test('what both changed is a conflict, and the document holds what was sent', async () => {
    const weight = (value: number | undefined) =>
      edited((draft) => Object.assign(draft.backends[0]?.servers?.[0] ?? {}, { weight: value }));
    const { body: base } = await api.put('conflicts', shop);
    const theirs = JSON.parse(JSON.stringify(weight(undefined))) as object;
    await api.put('conflicts', theirs, base.revision as string);
    const { body } = await post('merge', { base: base.revision, document: weight(77) }, 'conflicts');

    expect(body.conflicts).toEqual([
      { pointer: '/backends/0/servers/0/weight', base: 10, ours: 77, theirs: null },
    ]);
    expect(body.document.backends[0].servers[0].weight).toBe(77);
  });

  test('an unknown base, an unknown environment and a broken document are refused', async () => {
    expect((await post('merge', { base: 'f'.repeat(64), document: shop })).status).toBe(404);
    expect((await post('merge', { base: head, document: shop }, 'nowhere')).status).toBe(404);
    expect(pointers((await post('merge', { base: head, document: { schemaVersion: 1 } })).body)).toContain(
      '/document/backends',
    );
    expect(pointers((await post('merge', { base: 'x', document: shop })).body)).toContain('/base');
  });
});

describe('import', () => {
  test('a haproxy.cfg becomes a document, and what was not understood is told', async () => {
    const haproxy = [
      'defaults',
      '  mode http',
      '  timeout connect 2s',
      '  timeout client 30s',
      '  timeout server 30s',
      '  timeout http-request 10s',
      'frontend web',
      '  bind :8080',
      '  stick-table type ip size 1k',
      '  default_backend pages',
      'backend pages',
      '  server p1 10.0.0.1:80',
    ].join('\n');
    const { status, body } = await post('import', { haproxy }, 'not-there');

    expect(status).toBe(200);
    expect(body.document.frontends[0]).toMatchObject({ name: 'web', defaultBackend: 'pages' });
    expect(body.notes).toContainEqual({
      line: 9,
      text: expect.stringContaining('stick-table'),
      kind: 'lost',
      detail: expect.any(String),
    });
    expect((await api.put('imported', body.document as object)).status).toBe(200);
  });

  test('nothing and too much are refused', async () => {
    expect(pointers((await post('import', { haproxy: '' })).body)).toContain('/haproxy');
    expect(pointers((await post('import', { haproxy: 'x'.repeat(200_001) })).body)).toContain('/haproxy');
  });
});

describe('simulate', () => {
  const request = (path: string, more: object = {}) => ({
    port: 8080,
    method: 'GET',
    host: 'shop',
    path,
    ...more,
  });

  test('every request that moves is named, and no other', async () => {
    const requests = [
      request('/cart/1'),
      request('/pages'),
      request('/cartoon'),
      request('/cart', { method: 'POST' }),
      request('/ping'),
    ];
    const { status, body } = await post('simulate', { document: cartMoves, requests });

    expect(status).toBe(200);
    expect(body).toMatchObject({ from: head, requests: 5 });
    expect(body.affected.map(({ index }: { index: number }) => index)).toEqual([0, 3]);
    expect(body.affected[0]).toMatchObject({
      request: requests[0],
      changes: expect.arrayContaining([{ what: 'backend', before: 'cart', after: 'pages' }]),
    });
  });

  test('against a revision, against nothing, and with headers of any case', async () => {
    const { body: moved } = await post('plan', { document: cartMoves });
    await api.put('sims', shop);
    await api.put('sims', cartMoves, head);
    const requests = [request('/cart', { headers: { 'X-Who': 'me' } })];
    const against = await post(
      'simulate',
      { revision: moved.revision, against: moved.revision, requests },
      'sims',
    );
    const nothing = await post('simulate', { document: shop, requests }, 'empty');

    expect(against.body).toMatchObject({ from: moved.revision, to: moved.revision, affected: [] });
    expect(nothing.body).toMatchObject({
      from: null,
      affected: [{ index: 0, changes: [{ what: 'listener', before: null, after: 'listens' }] }],
    });
  });

  test('without any, those that the fleet has seen', async () => {
    await api.put('seen', shop);
    const none = await post('simulate', { document: cartMoves }, 'seen');
    const place = { project: 'default', environment: 'seen', port: 8080, method: 'GET', host: 'shop' };
    const paths = ['/cart/1', '/pages', '/cart/2'];
    const rows = paths.map((path, slot) => ({ ...place, slot, path }));
    await api.db
      .insertInto('seen_request')
      .values([...rows, { ...place, slot: 9, path: '/cart/3', port: 80 }])
      .execute();
    const { status, body } = await post('simulate', { document: cartMoves }, 'seen');

    expect(none.body).toMatchObject({ status: 400, detail: expect.stringContaining('proxies of seen') });
    expect(pointers(none.body)).toEqual(['/requests']);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      requests: 3,
      seen: { from: expect.any(String), to: expect.any(String), elsewhere: 1 },
    });
    const moved = body.affected.map((each: { request: { path: string } }) => each.request.path);
    expect(moved.sort()).toEqual(['/cart/1', '/cart/2']);
  });

  test.each([
    [{ requests: [] }, '/requests'],
    [{ requests: [request('x')] }, '/requests/0/path'],
    [{ requests: [request('/', { method: 'get' })] }, '/requests/0/method'],
    [{ requests: [request('/', { method: 'CONNECT' })] }, '/requests/0/method'],
    [{ requests: [request('/', { port: 0 })] }, '/requests/0/port'],
    [{ requests: [request('/', { host: 'a\r\nb' })] }, '/requests/0/host'],
    [{ requests: [request('/', { headers: { 'a b': 'x' } })] }, '/requests/0/headers/a b'],
    [{ requests: [request('/', { headers: { a: 'x\n' } })] }, '/requests/0/headers/a'],
    [
      { requests: [request('/')], document: { ...shop, backends: [] } },
      '/document/frontends/0/defaultBackend',
    ],
  ])('%j is refused with a pointer', async (body, pointer) => {
    const answer = await post('simulate', body);

    expect(answer.body).toMatchObject({ status: 400, code: 'invalid-input' });
    expect(pointers(answer.body)).toContain(pointer);
  });
});
