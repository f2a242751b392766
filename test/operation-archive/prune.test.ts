import { sql } from 'kysely';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectUnwalled, type Db } from '../../db/connect.ts';
import { saveArchive } from '../../db/operation-archive.ts';
import { pruneOldRows } from '../../db/prune.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';

const day = 86_400_000;
const keep = {
  archivesMs: 30 * day,
  timelinesMs: 10 * day,
  samplesMs: day,
  idempotencyKeysMs: 7 * day,
  notificationsMs: 30 * day,
  feedbackDeliveriesMs: 30 * day,
  logWindowsMs: 30 * day,
};
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

test('timelines and archives go by the end of their operation, the operation itself stays', async () => {
  const old = await closed(40);
  const middle = await closed(20);
  const young = await closed(5);
  const open = await closed(null);

  await pruneOldRows(db, keep);

  const left = async (table: 'operation_event' | 'operation_archive' | 'operation') => {
    const column = table === 'operation' ? 'id' : 'operation_id';
    const rows = await sql<{
      id: string;
    }>`select distinct ${sql.ref(column)} as id from ${sql.table(table)}`.execute(db);
    return rows.rows.map(({ id }) => id).sort();
  };
  expect(await left('operation_event')).toEqual([young, open].sort());
  expect(await left('operation_archive')).toEqual([middle, young].sort());
  expect(await left('operation')).toEqual([old, middle, young, open].sort());
});

test('counters and repeated requests go by their own age, in batches', async () => {
  await sql`insert into server_sample (project, proxy, backend, second, server, version, sessions, requests, errors, up, latency)
    select 'default', 'p', 'b', extract(epoch from now())::bigint - second, 's', 'v', 1, 1, 0, true, '{}'
    from generate_series(0, 110000, 4) as second`.execute(db);
  const key = (name: string, days: number) => ({
    project: 'default',
    key: name,
    fingerprint: 'f',
    resource_id: 'r',
    created_at: new Date(Date.now() - days * day),
  });
  await db
    .insertInto('idempotency_key')
    .values([key('old', 8), key('young', 6)])
    .execute();

  await pruneOldRows(db, keep);

  const oldest = await sql<{ age: number }>`
    select extract(epoch from now())::bigint - min(second) as age from server_sample`.execute(db);
  expect(oldest.rows[0]?.age).toBeLessThanOrEqual(86_401);
  const keys = await db.selectFrom('idempotency_key').select('key').execute();
  expect(keys.map((row) => row.key)).toEqual(['young']);
});

/** An operation with a line of its timeline and, when it has ended, an archived history. */
async function closed(daysAgo: number | null): Promise<string> {
  const id = ulid();
  await db
    .insertInto('operation')
    .values({
      id,
      project: 'default',
      kind: 'canary-rollout',
      target: id,
      status: daysAgo === null ? 'running' : 'closed',
      phase: 'done',
      outcome: null,
      summary: '',
      stuck: null,
      started_by: 'ann',
      workflow_id: id,
      run_id: null,
      finished_at: daysAgo === null ? null : new Date(Date.now() - daysAgo * day),
    })
    .execute();
  await db
    .insertInto('operation_event')
    .values({ operation_id: id, seq: 1, type: 't', summary: '', detail: '{}', run_id: null, run_seq: null })
    .execute();
  const archived = {
    runId: 'r',
    state: 'forgotten',
    events: 0,
    bytes: 0,
    digest: null,
    content: null,
  } as const;
  if (daysAgo !== null) await saveArchive(db, { id, project: 'default' }, [archived]);
  return id;
}
