import { MockActivityEnvironment } from '@temporalio/testing';
import { tmpdir } from 'node:os';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createValidation } from '../../../activities/config-rollout/validate.ts';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { insertConfigRollout } from '../../../db/config-rollout/start.ts';
import { freezePlan } from '../../../domain/config-rollout/plan.ts';
import { createHaproxyCheck } from '../../../providers/config-check/haproxy.ts';
import { createShadowRun, type ShadowRun } from '../../../providers/config-check/shadow-run.ts';
import { makeFleet, type Fleet } from '../../support/fleet-house/fleet.ts';
import { testDatabase, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
let db: Db;
let fleet: Fleet;
let operationId: string;

const haproxy = { haproxy: 'haproxy', scratch: tmpdir() };
const shadowRun = createShadowRun(haproxy);

/** A rollout of `second` to a fleet that runs `first`. */
beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url);
  fleet = await makeFleet(db, [{}]);
  const { environment } = fleet;
  const first = await fleet.write('first');
  const order = { project: 'default', environment, sequence: 1, kind: 'apply' as const, name: 'first' };
  await db
    .insertInto('config_order')
    .values({ ...order, revision: first, hash: 'a'.repeat(64), drift: 'report', operation_id: null })
    .execute();
  await db.updateTable('config_environment').set({ sequence: 1, live_sequence: 1 }).execute();
  operationId = ulid();
  await insertConfigRollout(db, {
    ...{ operationId, project: 'default', environment, mode: 'rollout', ignoreFreeze: false },
    ...{ revision: await fleet.write('second'), plan: freezePlan({ waves: [] }) },
    ...{ principal: 'ann', reason: 'a test', key: ulid(), fingerprint: 'f', slots: null },
  });
});
afterAll(async () => {
  fleet.close();
  await db.destroy();
  await database.close();
});

async function summaryWith(run: ShadowRun): Promise<string> {
  const { validateRevision } = createValidation({
    ...{ db, shadowRun: run, configCheck: createHaproxyCheck(haproxy) },
    probe: { check: () => Promise.resolve({ healthy: true }) },
  });
  const told: { summary: string } = await new MockActivityEnvironment().run(validateRevision, {
    operationId,
  });
  return told.summary;
}

test('a fleet that has told of nothing has nothing that it could be tried on', async () => {
  expect(await summaryWith(shadowRun)).toMatch(/beside the fleet; the fleet has told of no request lately/);
});

test('what it would do to requests that the fleet has seen is told', async () => {
  const seen = {
    project: 'default',
    environment: fleet.environment,
    port: 8080,
    method: 'GET',
    host: 'shop',
  };
  await db
    .insertInto('seen_request')
    .values(['/ping', '/', '/cart'].map((path, slot) => ({ ...seen, slot, path })))
    .execute();

  expect(await summaryWith(shadowRun)).toMatch(
    /; of 3 requests that the fleet has seen 1 would be answered otherwise: 1 × another body$/,
  );
});

test('what runs now and would not start any more is in the way of nothing', async () => {
  const deaf: ShadowRun = {
    replay: (config, requests, signal) =>
      requests.length > 1
        ? Promise.reject(new Error('HAProxy does not start'))
        : shadowRun.replay(config, requests, signal),
  };

  expect(await summaryWith(deaf)).toMatch(
    /; it could not be compared with what runs now: HAProxy does not start$/,
  );
});
