import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { insertConfigRollout } from '../../../db/config-rollout/start.ts';
import { trafficBefore, waveTraffic } from '../../../db/config-rollout/traffic.ts';
import { freezePlan } from '../../../domain/config-rollout/plan.ts';
import { testEnvironment, type TestEnvironment, type TestOrder } from '../../support/fleet.ts';
import { testDatabase } from '../../support/postgres.ts';

let database: Awaited<ReturnType<typeof testDatabase>>;
let db: Db;
let production: TestEnvironment;
const begin = Date.now() - 60_000;

beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url);
  production = await testEnvironment(db);
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

let second = 0;

/** Seconds of traffic under an order; null: before there was any. */
async function counted(order: TestOrder | null, counts: { errors?: number; refused?: number } = {}) {
  const { errors = 0, refused = 0 } = counts;
  second += 1;
  await db
    .insertInto('proxy_window')
    .values({
      ...{ proxy: 'edge', project: 'default', starts_at: new Date(begin + second * 1000), seconds: 1 },
      ...{ sequence: order?.sequence ?? null, requests: 10, errors, refused },
      signatures: JSON.stringify(signaturesOf(errors)),
      latency: JSON.stringify({ 40: 10 }),
    })
    .execute();
}

/** All but one of the same kind. */
function signaturesOf(errors: number) {
  const usual = { signature: '503 shop sC', count: errors - 1, example: 'GET /' };
  const other = { signature: '500 shop --', count: 1, example: 'GET /other' };
  return errors === 0 ? [] : [other, ...(errors > 1 ? [usual] : [])];
}

/** A rollout whose order the only proxy has. */
async function rollOut(order: TestOrder): Promise<string> {
  const operationId = ulid();
  await insertConfigRollout(db, {
    ...{ operationId, project: 'default', environment: 'production', mode: 'rollout', ignoreFreeze: false },
    ...{ revision: order.revision, plan: freezePlan({ waves: [] }), principal: 'ann', reason: 'a test' },
    ...{ key: ulid(), fingerprint: 'f', slots: null },
  });
  await production.give(order, 'edge');
  return operationId;
}

async function end(operationId: string): Promise<void> {
  await db.updateTable('operation').set({ status: 'closed' }).where('id', '=', operationId).execute();
}

test('before is what ran under what the rollout goes back to, whatever was tried meanwhile', async () => {
  await counted(null, { errors: 9 });
  const shop = await production.order('the shop');
  await production.makeLive(shop);
  await counted(shop);
  const bad = await production.order('a bad shop');
  await counted(bad, { errors: 8, refused: 1 });
  const back = await production.order('the shop', 'rollback');
  await counted(back, { refused: 2 });
  const next = await production.order('the next shop');
  const operationId = await rollOut(next);
  await counted(next, { errors: 1, refused: 3 });

  const wave = { operationId, wave: 0, sequence: next.sequence };
  const { now, requests, topError } = await waveTraffic(db, wave);
  const before = await trafficBefore(db, wave);

  expect(before).toEqual({ requests: 20, errors: 0, refused: 2, latency: { 40: 20 } });
  expect(now).toEqual({ requests: 10, errors: 1, refused: 3, latency: { 40: 10 } });
  expect(requests).toBe(10);
  expect(topError).toEqual({ signature: '500 shop --', count: 1, example: 'GET /other' });
  await end(operationId);
});

test('before the first order of all it is what ran under the file of the operator', async () => {
  await db.updateTable('config_environment').set({ live_sequence: null }).execute();
  const own = await production.order(null);
  await counted(own, { refused: 4 });
  const first = await production.order('the first shop');
  const operationId = await rollOut(first);

  await counted(first, { errors: 4 });
  await counted(first, { errors: 3 });

  const wave = { operationId, wave: 0, sequence: first.sequence };
  const { topError } = await waveTraffic(db, wave);
  const before = await trafficBefore(db, wave);

  expect(before).toMatchObject({ requests: 20, errors: 9, refused: 4 });
  expect(topError).toEqual({ signature: '503 shop sC', count: 5, example: 'GET /' });
  await end(operationId);
});
