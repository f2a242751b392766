import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertConfigRollout, type NewConfigRollout } from '../../../db/config-rollout/start.ts';
import { orderWave, ownProxies } from '../../../db/config-rollout/wave.ts';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { freezePlan } from '../../../domain/config-rollout/plan.ts';
import { testEnvironment } from '../../support/fleet.ts';
import { testDatabase, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
let db: Db;

beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url);
});
afterAll(async () => {
  await db.destroy();
  await database.close();
});

/** An environment with a revision and two proxies, and a rollout of it that nobody has asked for yet. */
async function rolloutOf(environment: string): Promise<NewConfigRollout> {
  const { revision } = await (await testEnvironment(db, environment)).order('the shop');
  const place = { project: 'default', environment, state: 'enrolled' as const, invited_by: 'ada' };
  for (const name of ['a', 'b'])
    await db
      .insertInto('fleet_proxy')
      .values({ ...place, proxy: `${environment}-${name}` })
      .execute();
  return {
    ...{
      operationId: ulid(),
      project: 'default',
      environment,
      mode: 'rollout',
      revision,
      ignoreFreeze: false,
    },
    ...{ plan: freezePlan({ waves: [] }), principal: 'ann', reason: 'a test' },
    ...{ key: ulid(), fingerprint: 'f', slots: null },
  };
}

test('a start that the quota refused may come again with the same key', async () => {
  const rollout = await rolloutOf('quota');

  expect(await insertConfigRollout(db, { ...rollout, slots: 0 })).toBe('quota');
  expect(await insertConfigRollout(db, rollout)).toBeNull();
  expect(await insertConfigRollout(db, { ...rollout, operationId: ulid() })).toBe('repeated');
});

test('without a free slot one that could take the place of a running one is told of that', async () => {
  const rollout = await rolloutOf('held');
  await insertConfigRollout(db, rollout);

  const other = { ...rollout, operationId: ulid(), key: ulid(), slots: 0 };
  expect(await insertConfigRollout(db, other)).toBe('held');
});

test('a proxy that moved to another environment before the workflow began is none of the rollout', async () => {
  const rollout = await rolloutOf('here');
  await testEnvironment(db, 'there');
  await insertConfigRollout(db, rollout);
  await db.updateTable('fleet_proxy').set({ environment: 'there' }).where('proxy', '=', 'here-a').execute();

  await ownProxies(db, rollout.operationId);
  const ordered = await orderWave(db, { operationId: rollout.operationId, wave: 0 });

  expect(ordered.proxies).toBe(1);
  const rows = await db
    .selectFrom('fleet_proxy')
    .select(['proxy', 'owner', 'sequence'])
    .where('proxy', 'in', ['here-a', 'here-b'])
    .orderBy('proxy')
    .execute();
  expect(rows).toEqual([
    { proxy: 'here-a', owner: null, sequence: null },
    { proxy: 'here-b', owner: rollout.operationId, sequence: ordered.sequence },
  ]);
});
