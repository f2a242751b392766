import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ServerSample } from '../../../contracts/proxy.ts';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { createDesiredStateStore } from '../../../db/desired-state-store.ts';
import { insertSamples, versionBuckets } from '../../../db/server-sample.ts';
import { createHaproxyTraffic } from '../../../providers/traffic/haproxy.ts';
import type { Split } from '../../../providers/traffic/traffic.ts';
import { testEnvironment, type TestEnvironment } from '../../support/fleet.ts';
import { testDatabase } from '../../support/postgres.ts';

const target = { project: 'default', service: 'shop', proxy: 'edge', backend: 'shop' };
let database: Awaited<ReturnType<typeof testDatabase>>;
let db: Db;
let production: TestEnvironment;

beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url);
  production = await testEnvironment(db);
});
beforeEach(async () => {
  for (const table of ['traffic_target', 'fleet_proxy', 'server_sample'] as const)
    await db.deleteFrom(table).execute();
  const place = { project: 'default', environment: 'production', state: 'enrolled' as const };
  await db
    .insertInto('fleet_proxy')
    .values({ ...place, proxy: 'edge', invited_by: 'ada' })
    .execute();
});
afterAll(async () => {
  await db.destroy();
  await database.close();
});

function split(canary: number): Split {
  const server = (version: string, weight: number) => {
    return { name: `${version}-0`, version, address: '127.0.0.1:1', weight, healthPath: '/' };
  };
  const servers = [server('v1', 100 - canary), server('v2', canary)];
  return { servers, stable: 'v1', canary: 'v2', leaseMs: 60_000 };
}

async function told(running: number, hash: string, outcome: 'proven' | 'refused') {
  const columns = { attempted_sequence: running, running_sequence: running, running_hash: hash, outcome };
  const since = { running_since: new Date() };
  await db.deleteFrom('config_report').execute();
  await db
    .insertInto('config_report')
    .values({
      ...{ proxy: 'edge', project: 'default', environment: 'production', report: '{}' },
      ...{ ...columns, ...since },
    })
    .execute();
}

test('counters of before the reload count nothing, and are there', async () => {
  const store = createDesiredStateStore(db);
  await store.acquire(target, 'owner');
  const now = Math.floor(Date.now() / 1000);
  const samples = [now - 2, now - 1, now, now + 5].map((second): ServerSample => {
    const counts = { sessions: 10, requests: 10, errors: 3, up: true, latency: { '4': 10 } };
    return { backend: 'shop', server: 'v2-0', version: 'v2', second, ...counts };
  });
  await insertSamples(db, 'edge', samples);
  const before = await versionBuckets(db, target, now - 10, now + 10);
  await told(1, 'x', 'proven');

  const after = await versionBuckets(db, target, now - 10, now + 10);

  expect(before.map(({ requests }) => requests)).toEqual([10, 10, 10, 10]);
  expect(after.map(({ requests }) => requests)).toEqual([0, 0, 0, 10]);
  expect(after[0]).toMatchObject({ second: now - 2, sessions: 0, errors: 0, latency: {}, up: 1 });
});

test('a step up waits for a configuration that is under way; going back never does', async () => {
  const traffic = createHaproxyTraffic(createDesiredStateStore(db));
  const store = createDesiredStateStore(db);
  await store.acquire(target, 'owner');
  const set = async (canary: number, changeId: string) => {
    const { token } = await traffic.read(target);
    return traffic.setSplit({ target, owner: 'owner', token, changeId, split: split(canary) });
  };
  await set(10, 'first');
  const order = await production.order('something');
  await production.give(order, 'edge');

  const held = set(50, 'second');
  await expect(held).rejects.toMatchObject({ code: 'unavailable' });
  await expect(held).rejects.toThrow('a configuration is being taken into use');
  // What was done already is answered as ever.
  await set(10, 'first');
  await traffic.restore(target, 'owner', 'back', split(0));
  expect((await traffic.read(target)).split.canary).toBeNull();
  await told(order.sequence, order.hash, 'proven');
  await set(20, 'third');
  const next = await production.order('something else');
  await production.give(next, 'edge');
  await expect(set(30, 'fourth')).rejects.toMatchObject({ code: 'unavailable' });
  await told(next.sequence, order.hash, 'refused');
  await set(30, 'fifth');
  const last = await production.order('the last');
  await production.give(last, 'edge');
  await db
    .updateTable('fleet_proxy')
    .set({ ordered_at: new Date(Date.now() - 121_000) })
    .execute();

  await set(40, 'sixth');
});
