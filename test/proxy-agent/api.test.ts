import { sql } from 'kysely';
import Fastify from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { App } from '../../api/dependencies.ts';
import { proxyRoutes } from '../../api/proxy.ts';
import { sharedSchemas } from '../../api/schemas.ts';
import { buildValidator } from '../../api/validation.ts';
import type { DesiredState, ProxyReport, Trip } from '../../contracts/proxy.ts';
import { connect, connectUnwalled, type Db } from '../../db/connect.ts';
import { createNotifications, type Notifications } from '../../db/notifications.ts';
import { acquireTarget, readTarget, setSplit } from '../../db/traffic-target.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';

const key = { project: 'default', service: 'shop', proxy: 'local', backend: 'shop' };
const server = { name: 'v1-0', version: 'v1', address: '127.0.0.1:1', weight: 90, healthPath: '/' };
const canary = { ...server, name: 'v2-0', version: 'v2', weight: 10 };
const split = { servers: [server, canary], stable: 'v1', canary: 'v2', leaseMs: 15_000 };

const quiet: ProxyReport = {
  agentVersion: '1',
  haproxyVersion: '2.6',
  reachable: true,
  stopped: null,
  configError: null,
  backends: [{ name: 'shop', balance: 'roundrobin', dynamic: true }],
  proven: [],
  trips: [],
  samples: [],
  now: new Date().toISOString(),
};

describe('the routes of proxy agents', () => {
  let database: TestDatabase;
  let db: Db;
  let served: Db;
  let notifications: Notifications;
  let app: App;

  beforeEach(async () => {
    database = await testDatabase();
    db = connectUnwalled(database.url);
    served = connect(database.url);
    notifications = createNotifications(database.url);
    app = Fastify({
      schemaController: { compilersFactory: { buildValidator } },
    }).withTypeProvider<TypeBoxTypeProvider>();
    for (const schema of sharedSchemas) app.addSchema(schema);
    proxyRoutes(app, { db: served, notifications });
    await app.ready();
  });
  afterEach(async () => {
    await app.close();
    await notifications.close();
    await Promise.all([db.destroy(), served.destroy()]);
    await database.close();
  });

  async function poll(after: number, waitMs: number): Promise<DesiredState> {
    const url = `/v1/proxies/local/desired-state?after=${after}&waitMs=${waitMs}`;
    return (await app.inject({ url })).json<DesiredState>();
  }

  async function report(body: object) {
    return app.inject({ method: 'POST', url: '/v1/proxies/local/reports', payload: body });
  }

  async function putOnTrial(): Promise<number> {
    const acquired = await acquireTarget(db, key, 'one');
    const token = acquired.ok ? acquired.row.token : 0;
    const set = await setSplit(db, { key, owner: 'one', token, changeId: 'canary', split });
    return set.ok ? set.token : 0;
  }

  function tripAt(token: number): Trip {
    return { backend: 'shop', token, cause: 'lease-lost', at: quiet.now, reason: 'gone' };
  }

  test('a poll answers at once what is new, and a change when it comes', async () => {
    const first = await poll(-1, 30_000);
    const waiting = poll(first.revision, 30_000);
    await sleep(300);
    const token = await putOnTrial();
    const answer = await waiting;

    expect(first).toEqual({ revision: 0, backends: [] });
    const settled = await poll(answer.revision - 1, 0);
    expect(settled.backends[0]).toMatchObject({ token, canary: 'v2', stable: 'v1' });
    expect(settled.backends[0]?.leaseMs).toBeGreaterThan(10_000);
  });

  test('a poll without news ends when its time is over', async () => {
    const startedAt = performance.now();
    const answer = await poll(0, 400);

    expect(answer.revision).toBe(0);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(400);
  });

  test('a database that was set back is told at once', async () => {
    expect((await poll(17, 30_000)).revision).toBe(0);
  });

  test('news that Postgres did not announce are found by looking', async () => {
    await db.insertInto('proxy').values({ name: 'local', revision: 1 }).execute();
    const waiting = poll(1, 30_000);
    await sleep(100);
    await db.updateTable('proxy').set({ revision: 2 }).execute();

    expect((await waiting).revision).toBe(2);
  });

  test('an API that stops keeps nobody waiting', async () => {
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as { port: number };
    const waiting = fetch(`http://127.0.0.1:${port}/v1/proxies/local/desired-state?after=0&waitMs=30000`);
    await sleep(200);
    await app.close();

    expect((await waiting).status).toBe(200);
  });

  test('a report is answered with the leases, and repeated samples count once', async () => {
    const token = await putOnTrial();
    const sample = {
      backend: 'shop',
      server: 'v2-0',
      version: 'v2',
      second: 100,
      sessions: 3,
      requests: 3,
      errors: 1,
      up: true,
      latency: { 12: 3 },
    };

    const answer = await report({ ...quiet, samples: [sample] });
    await report({ ...quiet, samples: [sample, { ...sample, second: 101 }] });

    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ leases: [{ backend: 'shop', token }], acknowledgedTrips: [] });
    const rows = await db.selectFrom('server_sample').selectAll().execute();
    expect(rows.map(({ second }) => second).toSorted()).toEqual([100, 101]);
    const listed = await app.inject({ url: '/v1/proxies' });
    expect(listed.json()).toMatchObject({
      items: [{ name: 'local', reachable: true, haproxyVersion: '2.6' }],
    });
  });

  test('a trip makes the target safe once, however often it is told, and also when the target has moved on', async () => {
    const token = await putOnTrial();
    const next = await setSplit(db, { key, owner: 'one', token, changeId: 'more', split });

    const answers = await Promise.all([1, 2, 3].map(() => report({ ...quiet, trips: [tripAt(token)] })));

    const row = await readTarget(db, key);
    expect(next).toEqual({ ok: true, token: token + 1 });
    expect(answers.map((answer) => answer.json<{ acknowledgedTrips: unknown }>().acknowledgedTrips)).toEqual(
      [1, 2, 3].map(() => [{ backend: 'shop', token }]),
    );
    expect(row).toMatchObject({ token: token + 2, tripped: { cause: 'lease-lost', token } });
    expect(row?.split).toMatchObject({ canary: null, servers: [{ weight: 100 }, { weight: 0 }] });
  });

  test('a trip of a token that never was changes nothing, and hides no later one', async () => {
    const token = await putOnTrial();
    await report({ ...quiet, trips: [tripAt(token + 5)] });
    const before = await readTarget(db, key);
    await report({ ...quiet, trips: [tripAt(token)] });
    const after = await readTarget(db, key);

    expect(before).toMatchObject({ token, tripped: null });
    expect(after).toMatchObject({ token: token + 1, tripped: { token } });
  });

  test.each([
    ['a field too many', { ...quiet, extra: 1 }],
    ['a missing field', { ...quiet, reachable: undefined }],
    ['a text instead of a number', { ...quiet, samples: [{ second: 'now' }] }],
    ['a cause that does not exist', { ...quiet, trips: [{ ...tripAt(1), cause: 'bored' }] }],
  ])('a report with %s is refused', async (_, body) => {
    expect((await report(body)).statusCode).toBe(400);
  });

  test('a report over 1 MiB is refused', async () => {
    expect((await report({ ...quiet, agentVersion: 'x'.repeat(1024 * 1024) })).statusCode).toBe(413);
  });

  test('notifications go on after their connection was cut', async () => {
    const heard: string[] = [];
    const off = notifications.on('desired_state', (payload) => heard.push(payload));
    await sleep(300);
    const cutter = connectUnwalled(database.url, { max: 1 });
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query like 'listen%'`.execute(cutter);
    await sleep(1500);
    await sql`select pg_notify('desired_state', 'local')`.execute(cutter);
    await sleep(500);
    off();
    await cutter.destroy();

    expect(heard).toEqual(['local']);
  });
});
