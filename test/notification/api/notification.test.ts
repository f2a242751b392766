import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, type ApiUnderTest } from '../../api/support.ts';
import { auditOf } from '../../support/audit.ts';
import { holdfast } from '../../cli/support.ts';

let api: ApiUnderTest;
let url: string;
beforeAll(async () => {
  api = await apiUnderTest();
  url = await api.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => api.close());

const hook = {
  kind: 'webhook',
  target: 'https://example.org/hooks',
  secret: 'env:SIGNING',
  events: ['outcome'],
};
const put = (name: string, body: object = hook, headers: Record<string, string> = {}) =>
  api.call('PUT', `notification-channels/${name}`, body, headers);

/** Ends a delivery as the worker would. */
const settle = (id: string) =>
  sql`update notification_delivery set state = 'delivered', settled_at = now() where id = ${id}`.execute(
    api.db,
  );

test('a channel is added with its defaults, replaced, listed and removed', async () => {
  const added = await put('ops');
  const replaced = await put('ops', {
    ...hook,
    events: ['gate.opened', 'stuck'],
    service: 'shop',
    enabled: false,
  });
  const listed = await api.call('GET', 'notification-channels');
  const removed = await api.call('DELETE', 'notification-channels/ops');

  expect(added).toMatchObject({
    status: 201,
    body: { name: 'ops', secret: 'env:SIGNING', service: null, enabled: true, sender: null },
  });
  expect(replaced).toMatchObject({ status: 200, body: { events: ['gate.opened', 'stuck'], enabled: false } });
  expect(listed.body.items).toContainEqual(replaced.body);
  expect(removed.status).toBe(204);
  expect((await api.call('GET', 'notification-channels/ops')).status).toBe(404);
  expect((await api.call('DELETE', 'notification-channels/ops')).status).toBe(404);
  expect(await auditOf(api.db, { subject: 'ops' })).toMatchObject([
    { action: 'notification-channel.add', principal: 'ada' },
    { action: 'notification-channel.replace', principal: 'ada' },
    { action: 'notification-channel.remove', principal: 'ada' },
  ]);
});

test('an edit made on an older content is refused', async () => {
  const { headers } = await put('edited');
  await put('edited', { ...hook, enabled: false });

  const late = await put('edited', hook, { 'if-match': String(headers['etag']) });
  const onNothing = await put('edited-other', hook, { 'if-match': '*' });

  expect(late.body).toMatchObject({ status: 412, code: 'precondition-failed' });
  expect(onNothing.status).toBe(412);
});

test.each([
  [
    'a secret instead of a reference',
    { ...hook, secret: 'whsec_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' },
    '/secret',
  ],
  ['no secret', { ...hook, secret: undefined }, '/secret'],
  ['http to elsewhere', { ...hook, target: 'http://example.org/' }, '/target'],
  ['an event that is none', { ...hook, events: ['outcome.exploded'] }, '/events/0'],
  ['no event', { ...hook, events: [] }, '/events'],
  ['an unknown member', { ...hook, tokn: 'x' }, '/tokn'],
  ['a line end in an address', { ...hook, kind: 'email', target: 'a@b.c\r\nBcc: d@e.f' }, '/target'],
  ['a sender of a webhook', { ...hook, sender: 'a@b.c' }, '/sender'],
])('%s is refused with a pointer', async (_name, body, pointer) => {
  const answer = await put('bad', body);

  expect(answer.body).toMatchObject({ status: 400, code: 'invalid-input' });
  expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  expect(JSON.stringify(answer.body)).not.toContain('whsec_a');
});

test('a test is one delivery, however often it is asked for under one key', async () => {
  await put('tested');
  const ask = (key: string) =>
    api.call('POST', 'notification-channels/tested/test', undefined, { 'idempotency-key': key });

  const [first, same, other] = [await ask('key-1'), await ask('key-1'), await ask('key-2')];

  expect(first).toMatchObject({ status: 202, body: { event: 'test', state: 'pending', attempts: [] } });
  expect(first.headers['location']).toBe(`/v1/projects/default/notification-deliveries/${first.body.id}`);
  expect(same.body.id).toBe(first.body.id);
  expect(other.body.id).not.toBe(first.body.id);
  const page = await api.call('GET', 'notification-deliveries?channel=tested&limit=1');
  expect(page.body.items).toEqual([other.body]);
  const next = await api.call(
    'GET',
    `notification-deliveries?channel=tested&limit=1&cursor=${page.body.next}`,
  );
  expect(next.body).toEqual({ items: [first.body] });
  expect((await api.call('POST', 'notification-channels/none/test')).status).toBe(404);
});

test('a replay names the first delivery; one that is still tried is not replayed', async () => {
  await put('replayed');
  const { body: first } = await api.call('POST', 'notification-channels/replayed/test');
  const replay = (id: string) => api.call('POST', `notification-deliveries/${id}/replay`);

  const tooEarly = await replay(first.id);
  await settle(first.id);
  const once = await replay(first.id);
  await settle(once.body.id);
  const twice = await replay(once.body.id);

  expect(tooEarly.body).toMatchObject({ status: 409, code: 'conflict' });
  expect(once).toMatchObject({ status: 202, body: { replayOf: first.id, state: 'pending' } });
  expect(twice.body).toMatchObject({ replayOf: first.id });
  expect((await replay('01ARZ3NDEKTSV4RRFFQ69G5FAV')).status).toBe(404);
});

test('a project has a limit of channels', async () => {
  await sql`insert into project (id) values ('crowded')`.execute(api.db);
  const add = (name: string) => api.call('PUT', `/v1/projects/crowded/notification-channels/${name}`, hook);
  await sql`insert into notification_channel (project, name, kind, target, secret, events, enabled)
    select 'crowded', 'c' || n, 'webhook', 'https://example.org/', 'env:X', '["stuck"]', true
    from generate_series(1, 100) n`.execute(api.db);

  expect((await add('one-more')).body).toMatchObject({ status: 409, code: 'conflict' });
  expect((await add('c7')).status).toBe(200);
});

test('the command line adds, lists, tests, replays and removes', async () => {
  const run = (...argv: string[]) => holdfast(url, api.key, ['notifications', ...argv]);
  const target = ['--kind', 'webhook', '--target', 'https://example.org/', '--secret', 'env:X'];

  const added = await run('channel', 'add', 'by-hand', ...target, '--event', 'stuck', 'outcome', '--json');
  const usual = await run('channel', 'add', 'by-hand-2', ...target, '--service', 'shop');
  const listed = await run('channel', 'list');
  const asked = await run('channel', 'test', 'by-hand', '--no-wait', '--json');
  const late = await run('channel', 'test', 'by-hand', '--timeout', '100ms');
  await settle(asked.json().id);
  const again = await run('replay', asked.json().id, '--json');
  const shown = await run('deliveries', 'show', again.json().id);
  const deliveries = await run('deliveries', 'list', '--channel', 'by-hand');
  const removed = await run('channel', 'remove', 'by-hand');

  expect(added.json()).toMatchObject({ events: ['stuck', 'outcome'], enabled: true });
  expect(usual.stdout).toContain('gate.opened gate.overdue hold.began stuck outcome');
  expect(listed.stdout).toMatch(/by-hand +webhook +https:\/\/example\.org\/ +all +yes +stuck outcome/);
  expect(late).toMatchObject({ code: 6, stderr: expect.stringContaining('deliveries show') });
  expect(again.json()).toMatchObject({ replayOf: asked.json().id });
  expect(shown.stdout).toContain(`replay of  ${asked.json().id}`);
  expect(deliveries.stdout).toContain('delivered');
  expect(removed.code).toBe(0);
  expect((await run('channel', 'remove', 'by-hand')).code).toBe(4);
  expect((await run('channel', 'add', 'x', '--kind', 'webhook', '--target', 'ftp://x')).code).toBe(2);
});

test('a test that arrived is exit code 0, one that failed is 1 and says why', async () => {
  await put('waited');
  const run = () => holdfast(url, api.key, ['notifications', 'channel', 'test', 'waited']);
  const answer = async (result: 'accepted' | 'failed', state: string): Promise<void> => {
    for (;;) {
      const { rows } = await sql<{ id: string }>`update notification_delivery set state = ${state},
        look_at = now() + interval '1 day' where channel = 'waited' and look_at <= now() returning id`.execute(
        api.db,
      );
      const id = rows[0]?.id;
      if (id !== undefined) {
        await sql`insert into notification_attempt (delivery_id, attempt, result, status, error, duration_ms)
          values (${id}, 1, ${result}, 503, 'the receiver answered 503', 12)`.execute(api.db);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  const [arrived] = await Promise.all([run(), answer('accepted', 'delivered')]);
  const [failed] = await Promise.all([run(), answer('failed', 'pending')]);

  expect(arrived).toMatchObject({ code: 0, stdout: expect.stringContaining('delivered') });
  expect(failed).toMatchObject({ code: 1, stdout: expect.stringContaining('failed 503 in 12 ms') });
});
