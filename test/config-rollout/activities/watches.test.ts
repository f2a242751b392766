import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBake } from '../../../activities/config-rollout/bake.ts';
import type { BakeWaveResult, WatchWaveResult } from '../../../activities/config-rollout/types.ts';
import { createWaveWatch } from '../../../activities/config-rollout/watch-wave.ts';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { insertConfigRollout } from '../../../db/config-rollout/start.ts';
import { freezePlan } from '../../../domain/config-rollout/plan.ts';
import type { Probe } from '../../../providers/probe/probe.ts';
import { testEnvironment } from '../../support/fleet.ts';
import { testDatabase, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
let db: Db;
let operationId: string;

const checks = { interval: '1s', failureLimit: 0, probe: { port: 80, path: '/' } };
const plan = freezePlan({ waves: [], rest: { bake: '10m' }, checks });

/** A wave of one that is asked by a probe. */
beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url);
  const production = await testEnvironment(db);
  const place = { project: 'default', environment: 'production', state: 'enrolled' as const };
  await db
    .insertInto('fleet_proxy')
    .values({ ...place, proxy: 'edge', address: '127.0.0.1', ordered_at: new Date(), invited_by: 'ada' })
    .execute();
  const order = await production.order('the shop');
  operationId = ulid();
  await insertConfigRollout(db, {
    ...{ operationId, project: 'default', environment: 'production', mode: 'rollout', ignoreFreeze: false },
    ...{ revision: order.revision, plan, principal: 'ann', reason: 'a test' },
    ...{ key: ulid(), fingerprint: 'f', slots: null },
  });
});
afterAll(async () => {
  await db.destroy();
  await database.close();
});

test('a check that is called off is none that failed', async () => {
  const environment = new MockActivityEnvironment();
  const probe: Probe = {
    check(_address, _path, _timeoutMs, signal) {
      environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
      return Promise.resolve({ healthy: !signal.aborted, reason: 'the check was called off' });
    },
  };
  const { bakeWave } = createBake({ db, probe });
  const input = { operationId, wave: 0, sequence: 1, plan, bakeMs: 600_000 };

  const seen: BakeWaveResult = await environment.run(bakeWave, {
    ...input,
    state: { elapsedMs: 1000, failures: 0 },
  });

  expect(seen).toMatchObject({ kind: 'interrupted', lastCheck: null, state: { failures: 0 } });
  expect(seen.state.elapsedMs).toBeGreaterThanOrEqual(1000);
});

test('one that fails does fail the wave', async () => {
  const probe: Probe = { check: () => Promise.resolve({ healthy: false, reason: 'nobody is there' }) };
  const { bakeWave } = createBake({ db, probe });
  const input = { operationId, wave: 0, sequence: 1, plan, bakeMs: 600_000 };

  const seen: BakeWaveResult = await new MockActivityEnvironment().run(bakeWave, {
    ...input,
    state: { elapsedMs: 0, failures: 0 },
  });

  expect(seen).toMatchObject({ kind: 'failed' });
});

test('while no agent could be heard the time of a bake does not pass', async () => {
  const longAgo = new Date(Date.now() - 60_000);
  await db.insertInto('fleet_hearing').values({ since: longAgo, listened_at: longAgo }).execute();
  const environment = new MockActivityEnvironment();
  const probe: Probe = {
    async check() {
      await delay(300);
      environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
      return { healthy: true };
    },
  };
  const { bakeWave } = createBake({ db, probe });
  const state = { elapsedMs: 1000, failures: 0 };

  const seen: BakeWaveResult = await environment.run(bakeWave, {
    ...{ operationId, wave: 0, sequence: 1, plan, bakeMs: 600_000, state },
  });

  expect(seen).toMatchObject({ kind: 'interrupted', state: { elapsedMs: 1000 } });
});

test('nor that which proxies have to take an order', async () => {
  const { watchWave } = createWaveWatch({ db });
  const hasty = freezePlan({ waves: [], apply: '1s' });
  const input = { operationId, wave: 0, sequence: 1, plan: hasty, way: 'forth' as const };
  const environment = new MockActivityEnvironment();
  const deaf: Promise<WatchWaveResult> = environment.run(watchWave, input);
  await delay(1500);
  environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
  expect(await deaf).toEqual({ kind: 'interrupted' });

  await db.deleteFrom('fleet_hearing').execute();
  const heard: WatchWaveResult = await new MockActivityEnvironment().run(watchWave, input);
  expect(heard).toMatchObject({ kind: 'failed', reason: '1 of 1 proxies were not proven in time' });
});

const patient = freezePlan({ waves: [], apply: '1s', partition: { policy: 'wait', after: '5s' } });

/** Heard last so long ago: an order counts as a report does. */
async function orderedAt(secondsAgo: number): Promise<void> {
  const ordered_at = new Date(Date.now() - secondsAgo * 1000);
  await db.updateTable('fleet_proxy').set({ ordered_at }).execute();
}

test('who comes back after a silence that was waited for has as much time as the others had', async () => {
  const { watchWave } = createWaveWatch({ db });
  await orderedAt(60);
  const environment = new MockActivityEnvironment();
  const seen: Promise<WatchWaveResult> = environment.run(watchWave, {
    ...{ operationId, wave: 0, sequence: 1, plan: patient, way: 'forth' as const },
  });
  await delay(1500);
  await orderedAt(0);
  await delay(500);
  environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));

  expect(await seen).toEqual({ kind: 'interrupted' });
});

test('but one that falls silent over it again and again fails it in the end', async () => {
  const { watchWave } = createWaveWatch({ db });
  const seen: Promise<WatchWaveResult> = new MockActivityEnvironment().run(watchWave, {
    ...{ operationId, wave: 0, sequence: 1, plan: patient, way: 'forth' as const },
  });
  let isOver = false;
  void seen.finally(() => (isOver = true));
  for (let turn = 0; !isOver; turn += 1) {
    await orderedAt(turn % 2 === 0 ? 0 : 60);
    await delay(700);
  }

  expect(await seen).toMatchObject({ kind: 'failed', reason: '1 of 1 proxies were not proven in time' });
});
