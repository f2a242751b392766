import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { setTimeout as delay } from 'node:timers/promises';
import { ulid } from 'ulid';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { startCrowd } from '../../bench/fairness/crowd.ts';
import { startFairnessWorkers, type FairnessWorkers } from '../../bench/fairness/workers.ts';
import { connectUnwalled, type Db } from '../../db/connect.ts';
import { testDatabase } from '../support/postgres.ts';
import { listenToCore } from '../support/rollout-house/core-log.ts';
import { makeNamespace } from '../support/rollout-house/namespace.ts';

/** The workers as they are shipped, with few slots: 12 for operations, 4 of them for one project. */
const slotsPerProject = 4;
const anHour = 3_600_000;
const none = { backlog: 0, backlogMs: 0, watches: 0, watchMs: 0 };
const noisy = { fairnessKey: 'noisy' };
const closers: (() => Promise<unknown>)[] = [];
let client: Client;
let native: NativeConnection;
let db: Db;
let namespace = '';
let workers: FairnessWorkers;

beforeAll(async () => {
  listenToCore();
  const { address } = inject('temporal');
  const database = await testDatabase();
  closers.push(() => database.close());
  db = connectUnwalled(database.url);
  closers.push(() => db.destroy());
  const connection = await Connection.connect({ address });
  closers.push(() => connection.close());
  native = await NativeConnection.connect({ address });
  closers.push(() => native.close());
  namespace = `fairness-${ulid().toLowerCase()}`;
  await makeNamespace(connection, namespace);
  client = new Client({ connection, namespace });
}, 60_000);

afterEach(() => workers.stop(), 60_000);

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

test('a project that fills every slot for long leaves room for another', { timeout: 120_000 }, async () => {
  workers = await start('held', true);
  const end = await startCrowd(client, workers, { ...none, backlog: 40, backlogMs: anHour }, noisy);
  await expect.poll(() => workers.most.get('noisy work'), { timeout: 30_000 }).toBe(slotsPerProject);

  await quietStep();
  await quietStep();

  // The steps of the quiet project ran beside them, on both queues.
  expect(workers.begun.get('quiet work')).toBe(4);
  expect(workers.most.get('noisy work')).toBe(slotsPerProject);
  expect(workers.begun.get('noisy work')).toBe(slotsPerProject);
  await end();
});

test('without quotas the same project starves everybody', { timeout: 120_000 }, async () => {
  workers = await start('starved', false);
  const end = await startCrowd(client, workers, { ...none, backlog: 40, backlogMs: anHour }, noisy);
  await expect.poll(() => workers.most.get('noisy work'), { timeout: 30_000 }).toBe(3 * slotsPerProject);

  const step = await beginQuietStep();
  const result = step.result();
  const seen = await Promise.race([result.then(() => 'done'), delay(8000, 'starved')]);

  expect(seen).toBe('starved');
  // Nobody may still ask for it when the connection is closed.
  await step.terminate('the test is over');
  await expect(result).rejects.toThrow();
  await end();
});

test('a backlog that came first is not worked off first', { timeout: 120_000 }, async () => {
  workers = await start('backlog', true);
  const end = await startCrowd(client, workers, { ...none, backlog: 400, backlogMs: 500 }, noisy);
  // Or it would not have come first.
  await expect.poll(() => workers.begun.get('noisy work') ?? 0, { timeout: 30_000 }).toBeGreaterThan(0);

  await quietStep();

  expect(workers.begun.get('noisy work')).toBeLessThan(200);
  await end();
});

test('long watches beyond the quota wait, and let others through', { timeout: 120_000 }, async () => {
  workers = await start('watches', true);
  const end = await startCrowd(client, workers, { ...none, watches: 100, watchMs: anHour }, noisy);
  await expect.poll(() => workers.most.get('noisy keepWatch'), { timeout: 30_000 }).toBe(slotsPerProject);

  await quietStep();

  expect(workers.most.get('noisy keepWatch')).toBe(slotsPerProject);
  await end();
});

function start(name: string, quotas: boolean): Promise<FairnessWorkers> {
  const place = { connection: native, namespace };
  return startFairnessWorkers({ place, db, slotsPerProject, quotas, name });
}

/** A quiet project's step on both queues, to its end. */
async function quietStep(): Promise<void> {
  const step = await beginQuietStep();
  await step.result();
}

function beginQuietStep(): Promise<WorkflowHandle> {
  return client.workflow.start('oneStep', {
    workflowId: `step/quiet/${ulid()}`,
    taskQueue: workers.queues.operations,
    args: [workers.queues],
    priority: { fairnessKey: 'quiet' },
  });
}
