import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CanaryRolloutState } from '../../../contracts/canary-rollout.ts';
import { loadConfig } from '../../../config.ts';
import { recordEvent } from '../../../db/canary-rollout/progress.ts';
import { closeOperation, markStuck } from '../../../db/operation-progress.ts';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { tellChannels } from '../../../db/notification/outbox.ts';
import { pruneOldRows } from '../../../db/prune.ts';
import { testDatabase, type TestDatabase } from '../../support/postgres.ts';
import { changeChannel, deliveriesOf, makeChannel } from '../../support/rollout-house/channels.ts';

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

async function operation(): Promise<{ id: string; target: string }> {
  const id = ulid();
  const target = `svc-${id.toLowerCase()}`;
  await db
    .insertInto('operation')
    .values({
      id,
      project: 'default',
      kind: 'canary-rollout',
      target,
      status: 'running',
      phase: 'soaking',
      outcome: null,
      summary: '',
      stuck: null,
      started_by: 'ann',
      workflow_id: id,
      run_id: null,
      finished_at: null,
    })
    .execute();
  return { id, target };
}

const gate = { subject: 'sha256:1', deadline: '2026-11-21T13:00:00.000Z', onTimeout: 'abort' };
const state = { phase: 'waiting-for-approval', gate } as unknown as CanaryRolloutState;

const opened = (operationId: string, seq: number) => ({
  operationId,
  seq,
  type: 'gate.opened',
  summary: 'waits for approval',
  detail: { step: 1, subject: gate.subject },
});

const eventsTo = async (channel: string): Promise<string[]> =>
  (await deliveriesOf(db, channel)).map(({ event }) => event);

test('an event that is written again is told once, over every channel that listens', async () => {
  const { id, target } = await operation();
  const [a, b] = [await makeChannel(db, { service: target }), await makeChannel(db, { service: target })];
  const deaf = await makeChannel(db, { service: target, events: ['outcome'] });

  for (let times = 0; times < 3; times += 1) await recordEvent(db, opened(id, 4), 'run-1', state);

  expect(await eventsTo(a)).toEqual(['gate.opened']);
  expect(await eventsTo(b)).toEqual(['gate.opened']);
  expect(await eventsTo(deaf)).toEqual([]);
  const { facts } = await db
    .selectFrom('notification_delivery')
    .select('facts')
    .where('channel', '=', a)
    .executeTakeFirstOrThrow();
  expect(facts).toMatchObject({ event: 'gate.opened', operation: { id, target }, gate });
});

test('a gate that a reset run opens again is the same gate', async () => {
  const { id, target } = await operation();
  const channel = await makeChannel(db, { service: target });

  await recordEvent(db, opened(id, 4), 'run-1', state);
  await recordEvent(db, opened(id, 2), 'run-2', state);

  expect(await eventsTo(channel)).toEqual(['gate.opened']);
});

test('an outcome is told once, however often the operation is closed', async () => {
  const { id, target } = await operation();
  const channel = await makeChannel(db, { service: target });

  await closeOperation(db, id, 'rolled-back', 'too many errors');
  await closeOperation(db, id, 'rolled-back', 'too many errors');

  expect(await eventsTo(channel)).toEqual(['outcome.rolled-back']);
});

test('an operation that is stuck, then not, then stuck again is told about once in a while', async () => {
  const { id, target } = await operation();
  const channel = await makeChannel(db, { service: target });

  await markStuck(db, id, 'shiftTraffic: no answer');
  await markStuck(db, id, 'shiftTraffic: still no answer');
  expect(await eventsTo(channel)).toEqual(['stuck']);
  for (let times = 0; times < 5; times += 1) {
    await markStuck(db, id, null);
    await markStuck(db, id, 'shiftTraffic: no answer');
  }

  // The quiet time is counted by the clock's own tens of minutes: a test that runs across one sees a second.
  expect((await eventsTo(channel)).length).toBeLessThanOrEqual(2);
});

test('what is rolled back is not told', async () => {
  const { id, target } = await operation();
  const channel = await makeChannel(db, { service: target });

  const written = db.transaction().execute(async (tx) => {
    await tellChannels(tx, { operationId: id, event: 'stuck', key: 'x', summary: 'never was' });
    throw new Error('rolled back');
  });

  await expect(written).rejects.toThrow('rolled back');
  expect(await eventsTo(channel)).toEqual([]);
});

test('what ended 30 days ago is forgotten with its attempts, what is pending is not', async () => {
  const { id, target } = await operation();
  const channel = await makeChannel(db, { service: target });
  await closeOperation(db, id, 'promoted', 'fine');
  const [old] = await deliveriesOf(db, channel);
  const other = await operation();
  await changeChannel(db, channel, { service: other.target });
  await markStuck(db, other.id, 'shiftTraffic: no answer');
  await db
    .insertInto('notification_attempt')
    .values({
      delivery_id: old?.id ?? '',
      attempt: 1,
      result: 'accepted',
      status: 200,
      error: null,
      duration_ms: 1,
    })
    .execute();
  await db
    .updateTable('notification_delivery')
    .set({ state: 'delivered', settled_at: new Date(Date.now() - 31 * 24 * 3600 * 1000) })
    .where('id', '=', old?.id ?? '')
    .execute();

  await pruneOldRows(db, loadConfig({}).keep);

  expect(await eventsTo(channel)).toEqual(['stuck']);
});
