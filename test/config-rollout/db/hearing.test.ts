import { sql } from 'kysely';
import { ulid } from 'ulid';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { isHearing, noteListening } from '../../../db/config-rollout/hearing.ts';
import { reportTogether } from '../../../db/config-rollout/report-together.ts';
import { insertConfigRollout } from '../../../db/config-rollout/start.ts';
import { countWave } from '../../../db/config-rollout/standing.ts';
import { orderWave, ownProxies } from '../../../db/config-rollout/wave.ts';
import { connect, connectUnwalled, type Db } from '../../../db/connect.ts';
import { freezePlan } from '../../../domain/config-rollout/plan.ts';
import { testEnvironment } from '../../support/fleet.ts';
import { testDatabase, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
let db: Db;
/** As the API has it, which is in no project here. */
let api: Db;
let asked: { operationId: string; wave: number; sequence: number; isBaking: boolean };

/** One proxy that has proven its order, and was heard a minute ago for the last time. */
beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url);
  api = connect(database.url);
  const production = await testEnvironment(db);
  const place = { project: 'default', environment: 'production', state: 'enrolled' as const };
  await db
    .insertInto('fleet_proxy')
    .values({ ...place, proxy: 'edge', invited_by: 'ada' })
    .execute();
  const { revision, hash } = await production.order('the shop');
  const operationId = ulid();
  await insertConfigRollout(db, {
    ...{ operationId, project: 'default', environment: 'production', mode: 'rollout', ignoreFreeze: false },
    ...{ revision: revision ?? '', plan: freezePlan({ waves: [] }), principal: 'ann', reason: 'a test' },
    ...{ key: ulid(), fingerprint: 'f', slots: null },
  });
  await ownProxies(db, operationId);
  const { sequence } = await orderWave(db, { operationId, wave: 0 });
  const order = await db
    .selectFrom('config_order')
    .select('hash')
    .where('sequence', '=', sequence)
    .executeTakeFirstOrThrow();
  const ref = { revision: revision ?? '', sequence, hash: order.hash ?? hash };
  await reportTogether(db, {
    proxy: 'edge',
    report: {
      ...{
        attempted: ref,
        running: ref,
        lastKnownGood: ref,
        phase: 'idle',
        outcome: 'proven',
        refusal: null,
      },
      ...{ failure: null, failedStep: null, timings: {}, drift: null, now: new Date().toISOString() },
      haproxy: { version: '2.6.12', oldWorkers: 0, failedReloads: 0 },
    },
  });
  await sql`update config_report set reported_at = clock_timestamp() - interval '1 minute'`.execute(db);
  await sql`update fleet_proxy set ordered_at = clock_timestamp() - interval '1 hour'`.execute(db);
  asked = { operationId, wave: 0, sequence, isBaking: true };
});
beforeEach(() => db.deleteFrom('fleet_hearing').execute());
afterAll(async () => {
  await Promise.all([db.destroy(), api.destroy()]);
  await database.close();
});

function counted() {
  return countWave(db, { ...asked, silentAfterMs: 30_000 });
}

/** The last word of an API, and since when it had listened, in seconds before now. */
async function listened(since: number, last: number): Promise<void> {
  await sql`insert into fleet_hearing (since, listened_at) values
    (clock_timestamp() - ${since} * interval '1 second', clock_timestamp() - ${last} * interval '1 second')`.execute(
    db,
  );
}

test('who was not heard for long is silent, where somebody listened all the time', async () => {
  expect(await counted()).toMatchObject({ proven: 0, silent: 1 });
  await listened(3600, 1);
  expect(await counted()).toMatchObject({ proven: 0, silent: 1 });
  expect(await isHearing(db)).toBe(true);
});

test('nobody falls silent while no API listens', async () => {
  await listened(3600, 50);
  expect(await isHearing(db)).toBe(false);
  expect(await counted()).toMatchObject({ proven: 1, silent: 0 });
});

test('who was silent before stays so while no API listens, and when one is back', async () => {
  await listened(3600, 10);
  expect(await isHearing(db)).toBe(false);
  expect(await counted()).toMatchObject({ proven: 0, silent: 1 });
  await noteListening(api);
  expect(await counted()).toMatchObject({ proven: 0, silent: 1 });
});

test('an API that comes and goes is away all the time', async () => {
  await listened(3600, 50);
  await noteListening(api);
  await sql`update fleet_hearing set since = clock_timestamp() - interval '20 seconds',
    listened_at = clock_timestamp() - interval '10 seconds'`.execute(db);
  await noteListening(api);
  expect(await counted()).toMatchObject({ proven: 1, silent: 0 });
  await sql`update fleet_hearing set since = since - interval '11 seconds'`.execute(db);
  expect(await counted()).toMatchObject({ proven: 0, silent: 1 });
});

test('an API that is back gives everybody the same time to be heard as one that never was away', async () => {
  await listened(3600, 50);
  await noteListening(api);
  expect(await isHearing(db)).toBe(true);
  expect(await counted()).toMatchObject({ proven: 1, silent: 0 });
  await sql`update fleet_hearing set since = since - interval '21 seconds'`.execute(db);
  expect(await counted()).toMatchObject({ proven: 0, silent: 1 });
});

test('one that goes on listening changes nothing of since when', async () => {
  await listened(600, 3);
  const before = await db.selectFrom('fleet_hearing').select('since').executeTakeFirstOrThrow();
  await Promise.all([noteListening(api), noteListening(api)]);
  expect(await db.selectFrom('fleet_hearing').select('since').execute()).toEqual([before]);
});
