import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectUnwalled, type Db } from '../../db/connect.ts';
import { enrolOwnProxy } from '../../db/config-rollout/enrol-own-proxy.ts';
import { inviteProxy, removeProxy } from '../../db/config-rollout/fleet.ts';
import { requireFleetProxy } from '../../db/config-rollout/show-fleet.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';

/** One database, told as a story: `up` again and again, and what people do between. */
let database: TestDatabase;
let db: Db;
const own = {
  project: 'default',
  environment: 'production',
  proxy: 'local',
  address: '127.0.0.1',
  by: 'ann',
};

beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url, { max: 2 });
});
afterAll(async () => {
  await db.destroy();
  await database.close();
});

test('the first up makes a fleet of one, which is ordered nothing; the next one changes nothing', async () => {
  await enrolOwnProxy(db, own);
  await enrolOwnProxy(db, own);

  const local = await requireFleetProxy(db, 'default', 'local');
  expect(local).toMatchObject({ environment: 'production', state: 'enrolled', desired: null });
  expect(await audited()).toBe(1);
});

test('one that was removed stays away, however often up is called', async () => {
  await removeProxy(db, { project: 'default', proxy: 'local', by: 'ann' });

  await enrolOwnProxy(db, own);

  await expect(requireFleetProxy(db, 'default', 'local')).rejects.toThrow('no proxy local');
});

test('one that is invited again is in at the next up, by the key that it has', async () => {
  await invite('production', 60_000);

  await enrolOwnProxy(db, own);

  expect(await requireFleetProxy(db, 'default', 'local')).toMatchObject({ state: 'enrolled' });
  expect(await audited()).toBe(2);
});

test('an invitation to another environment, or one that is over, is not taken', async () => {
  await removeProxy(db, { project: 'default', proxy: 'local', by: 'ann' });
  await db.insertInto('config_environment').values({ project: 'default', name: 'staging' }).execute();
  await invite('staging', 60_000);
  await enrolOwnProxy(db, own);
  expect(await requireFleetProxy(db, 'default', 'local')).toMatchObject({ state: 'invited' });

  await invite('staging', -1);
  await enrolOwnProxy(db, { ...own, environment: 'staging' });
  expect(await requireFleetProxy(db, 'default', 'local')).toMatchObject({ state: 'invited' });
});

test('no empty environment is made for a proxy that is in another one', async () => {
  await enrolOwnProxy(db, { ...own, environment: 'elsewhere' });
  await enrolOwnProxy(db, { ...own, project: 'no-such-project', proxy: 'other' });

  const environments = await db.selectFrom('config_environment').select('name').orderBy('name').execute();
  expect(environments.map(({ name }) => name)).toEqual(['production', 'staging']);
});

function invite(environment: string, forMs: number): Promise<void> {
  return inviteProxy(db, {
    ...{ project: 'default', environment, proxy: 'local', region: null, labels: {}, address: null },
    ...{ tokenHash: Buffer.alloc(32, environment), expiresAt: new Date(Date.now() + forMs) },
    ...{ by: 'ann', mayTakeAny: true },
  });
}

async function audited(): Promise<number> {
  const entries = await db.selectFrom('audit_entry').select('bytes').execute();
  return entries.filter(({ bytes }) => bytes.toString().includes('proxy.enroll')).length;
}
