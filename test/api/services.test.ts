import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, serviceInput, type ApiUnderTest } from './support.ts';
import { auditOf } from '../support/audit.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());

test('a service is created with its defaults, then replaced', async () => {
  const created = await api.call('PUT', 'services/shop', serviceInput('shop'));
  const replaced = await api.call(
    'PUT',
    'services/shop',
    serviceInput('shop', { instances: 3, health: { timeout: '500ms' } }),
  );

  expect(created.status).toBe(201);
  expect(created.body).toMatchObject({
    traffic: { provider: 'haproxy', proxy: 'local', backend: 'be-shop' },
    health: { path: '/health', timeoutMs: 2000 },
    instances: 1,
    plan: null,
    stableVersion: null,
    stopped: null,
  });
  expect(replaced.status).toBe(200);
  expect(replaced.body).toMatchObject({ instances: 3, health: { path: '/health', timeoutMs: 500 } });
  expect(await auditOf(api.db, { subject: 'shop' })).toMatchObject([
    { action: 'service.register', principal: 'ada' },
    { action: 'service.replace', principal: 'ada' },
  ]);
});

test.each([
  ['another name in the path', serviceInput('other'), '/name'],
  [
    'no backend',
    { ...serviceInput('x1'), name: 'bad', traffic: { provider: 'haproxy' } },
    '/traffic/backend',
  ],
  ['an unknown member', serviceInput('bad', { helth: {} }), '/helth'],
  ['instances as text', serviceInput('bad', { instances: '2' }), '/instances'],
  ['17 instances', serviceInput('bad', { instances: 17 }), '/instances'],
  ['an empty command', serviceInput('bad', { start: { runtime: 'process', command: [] } }), '/start/command'],
  [
    'a plan with an absurd soak',
    serviceInput('bad', { plan: { steps: [{ weight: 10, soak: '999999999d' }] } }),
    '/plan/steps/0/soak',
  ],
  [
    'a plan that falls',
    serviceInput('bad', {
      plan: {
        steps: [
          { weight: 50, soak: '1m' },
          { weight: 10, soak: '1m' },
        ],
      },
    }),
    '/plan/steps/1/weight',
  ],
])('%s is refused with a pointer', async (_name, body, pointer) => {
  const answer = await api.call('PUT', 'services/bad', body);

  expect(answer.body).toMatchObject({ status: 400, code: 'invalid-input' });
  expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  expect((await api.call('GET', 'services/bad')).status).toBe(404);
});

test('every fault is told at once', async () => {
  const answer = await api.call('PUT', 'services/bad', { name: 'bad', instances: 0, oops: true });

  const pointers = answer.body.errors.map((error: { pointer: string }) => error.pointer);
  expect(pointers).toEqual(expect.arrayContaining(['/start', '/traffic', '/oops', '/instances']));
});

test('a backend that serves another service is a conflict', async () => {
  await api.call('PUT', 'services/owner', serviceInput('owner'));

  const answer = await api.call(
    'PUT',
    'services/thief',
    serviceInput('thief', { traffic: { provider: 'haproxy', backend: 'be-owner' } }),
  );

  expect(answer.body).toMatchObject({
    status: 409,
    code: 'conflict',
    errors: [{ pointer: '/traffic/backend' }],
  });
});

test('services are listed in pages by an opaque cursor', async () => {
  for (const name of ['page-a', 'page-b', 'page-c'])
    await api.call('PUT', `services/${name}`, serviceInput(name));

  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await api.call(
      'GET',
      `services?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`,
    );
    names.push(...body.items.map((service: { name: string }) => service.name));
    cursor = body.next;
  } while (cursor !== undefined);

  expect(names).toEqual([...names].sort());
  expect(names).toEqual(expect.arrayContaining(['page-a', 'page-b', 'page-c']));
  expect((await api.call('GET', 'services?cursor=%F0')).status).toBe(400);
  expect((await api.call('GET', 'services?limit=1000')).body).toMatchObject({ code: 'invalid-input' });
});

test('a service is removed only when nothing of it runs; its operations stay', async () => {
  await api.call('PUT', 'services/gone', serviceInput('gone'));
  const { body: rollout } = await api.call('POST', 'canary-rollouts', { service: 'gone', version: 'v1' });

  const whileOpen = await api.call('DELETE', 'services/gone');
  await api.db.updateTable('operation').set({ status: 'closed' }).where('id', '=', rollout.id).execute();
  await api.db
    .updateTable('release')
    .set({ instances: '[{"id":"a","address":"b"}]' })
    .where('service', '=', 'gone')
    .execute();
  const whileRunning = await api.call('DELETE', 'services/gone');
  await api.db.updateTable('release').set({ instances: '[]' }).where('service', '=', 'gone').execute();
  const removed = await api.call('DELETE', 'services/gone');

  expect(whileOpen.body).toMatchObject({ status: 409, operationId: rollout.id });
  expect(whileRunning.body).toMatchObject({ status: 409, detail: expect.stringContaining('v1') });
  expect(removed.status).toBe(204);
  expect((await api.call('GET', 'services/gone')).status).toBe(404);
  expect((await api.call('GET', `operations/${rollout.id}`)).status).toBe(200);
  expect((await api.call('GET', `canary-rollouts/${rollout.id}`)).status).toBe(200);
});

test('an unknown project and an unknown path are problems', async () => {
  expect((await api.call('GET', '/v1/projects/nope/services')).body).toMatchObject({
    status: 404,
    code: 'not-found',
  });
  expect((await api.call('GET', '/v2/what')).body).toMatchObject({ status: 404, code: 'not-found' });
});

test('text that is no JSON, another media type and a huge body are problems', async () => {
  const put = (payload: string, type: string) =>
    api.app.inject({
      method: 'PUT',
      url: '/v1/projects/default/services/x',
      headers: { 'content-type': type, authorization: `Bearer ${api.key}` },
      payload,
    });

  expect((await put('{', 'application/json')).json()).toMatchObject({ status: 400, code: 'invalid-input' });
  expect((await put('a: b', 'text/yaml')).json()).toMatchObject({
    status: 415,
    code: 'unsupported-media-type',
  });
  expect((await put(JSON.stringify('x'.repeat(300_000)), 'application/json')).json()).toMatchObject({
    status: 413,
  });
});

test('an edit made on an older content is refused, one on the present content is taken', async () => {
  const { headers: old } = await api.call('PUT', 'services/edited', serviceInput('edited'));
  await api.call('PUT', 'services/edited', serviceInput('edited', { instances: 2 }));
  const { headers: now } = await api.call('GET', 'services/edited');
  const edit = (etag: unknown) =>
    api.call('PUT', 'services/edited', serviceInput('edited', { instances: 3 }), {
      'if-match': String(etag),
    });

  expect((await edit(old.etag)).body).toMatchObject({ status: 412, code: 'precondition-failed' });
  expect((await edit(now.etag)).body).toMatchObject({ instances: 3 });
  expect((await api.call('PUT', 'services/none', serviceInput('none'), { 'if-match': '*' })).status).toBe(
    412,
  );
});
