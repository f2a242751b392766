import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connect, type Db } from '../../../db/connect.ts';
import { addBatch, type LogBatch } from '../../../db/log-window/add.ts';
import { listTemplateWindows } from '../../../db/log-window/list.ts';
import { pruneOldRows } from '../../../db/prune.ts';
import { loadConfig } from '../../../config.ts';
import { inEveryProject, inProject } from '../../../db/scope.ts';
import { testDatabase, type TestDatabase } from '../../support/postgres.ts';
import { line, startMs } from '../lines.ts';
import { batches, batchOf } from './batches.ts';
import { keptIn } from './kept.ts';

let database: TestDatabase;
/** Two pools, as two processes have. */
let db: Db;
let other: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = connect(database.url);
  other = connect(database.url);
});
afterAll(async () => {
  await Promise.all([db.destroy(), other.destroy()]);
  await database.close();
});
beforeEach(() => clear());

const clear = () =>
  inEveryProject(async () => {
    await sql`delete from log_window`.execute(db);
    await sql`delete from log_window_batch`.execute(db);
    await sql`delete from log_template`.execute(db);
  });

const add = (batch: LogBatch, by = db) => inProject(batch.project, () => addBatch(by, batch));

const kept = () => keptIn(db);

const range = {
  project: 'default',
  from: new Date(startMs),
  to: new Date(startMs + 7_200_000),
  size: '1h',
  service: null,
  template: null,
} as const;
const list = (over: Partial<Parameters<typeof listTemplateWindows>[1]> = {}) =>
  inProject('default', () => listTemplateWindows(db, { ...range, ...over }));

test('the same batch twice is counted once and answers the same', async () => {
  const [batch = batchOf('x', [])] = batches;

  const first = await add(batch);
  const before = await kept();
  const again = await add(batch);

  expect(first).toEqual({ lines: 3, windows: 12, isKnown: false });
  expect(again).toEqual({ ...first, isKnown: true });
  expect(await kept()).toBe(before);
});

test('another batch under the same id is refused', async () => {
  const [batch = batchOf('x', [])] = batches;
  await add(batch);

  await expect(add({ ...batch, fingerprint: 'other' })).rejects.toMatchObject({
    code: 'idempotency-mismatch',
  });
});

test('batches in any order, and two processes at once, leave the same windows', async () => {
  for (const batch of batches) await add(batch);
  const inOrder = await kept();
  await clear();
  for (const batch of batches.toReversed()) await add(batch);
  const backwards = await kept();
  await clear();
  // Each batch reaches both processes, as with a sender that tries again elsewhere.
  await Promise.all(
    batches.flatMap((batch, at) => [
      add(batch, at % 2 === 0 ? db : other),
      add(batch, at % 2 === 0 ? other : db),
    ]),
  );
  const atOnce = await kept();

  expect(backwards).toBe(inOrder);
  expect(atOnce).toBe(inOrder);
});

test('lines of one kind are told as one, also those from before it was known to be one', async () => {
  for (const batch of batches) await add(batch);

  const found = await list();

  expect(found.map(({ text, whole }) => [text, whole.count, whole.errors])).toEqual([
    ['order <*> lost', 12, 12],
    ['disk sda is <*> % full', 12, 0],
    ['user <*> logged in', 12, 0],
  ]);
  expect(found[0]).toMatchObject({ services: ['pay'], releases: ['1.0.0'] });
  expect(found[2]?.whole.users).not.toEqual({});
});

test('an id from before a merge leads to what it became', async () => {
  const [first = batchOf('x', []), ...rest] = batches;
  await add(first);
  const early = (await list()).find(({ text }) => text.startsWith('user'));
  for (const batch of rest) await add(batch);

  const [found] = await list({ template: early?.id ?? null });

  expect(early?.text).toBe('user ann logged in');
  expect(found).toMatchObject({ text: 'user <*> logged in', whole: { count: 12 } });
});

test('a window is asked for by service and time', async () => {
  for (const batch of batches) await add(batch);

  expect((await list({ service: 'pay' })).map(({ text }) => text)).toEqual(['order <*> lost']);
  const ten = await list({ size: '10s', to: new Date(startMs + 10_000) });
  expect(ten.find(({ text }) => text.startsWith('disk'))?.whole.count).toBe(10);
  expect(await list({ from: range.to, to: new Date(startMs + 9_000_000) })).toEqual([]);
});

test('projects do not see each other', async () => {
  const [batch = batchOf('x', [])] = batches;
  await inEveryProject(() =>
    sql`insert into project (id) values ('other') on conflict do nothing`.execute(db),
  );
  await add(batch);
  await add({ ...batch, project: 'other' });

  expect((await list())[0]?.whole.count).toBe(1);
  const seen = await inProject('other', () =>
    sql<{ project: string }>`select distinct project from log_window`.execute(db),
  );
  expect(seen.rows).toEqual([{ project: 'other' }]);
});

test('windows are kept as long as their size says, and templates as long as their windows', async () => {
  const day = 86_400_000;
  const at = (days: number, message: string) => line({ atMs: Date.now() - days * day, message });
  await add(
    batchOf('old', [
      at(40, 'an old thing'),
      at(20, 'an older thing'),
      at(2, 'a thing'),
      at(0.1, 'a new thing'),
    ]),
  );
  await inEveryProject(() =>
    sql`update log_template set created_at = now() - interval '40 days'`.execute(db),
  );

  await inEveryProject(() => pruneOldRows(db, loadConfig({}).keep));

  const left = await inEveryProject(() =>
    sql<{
      size: number;
      count: number;
    }>`select size_seconds as size, count(*)::int as count from log_window group by 1 order by 1`.execute(db),
  );
  expect(left.rows).toEqual([
    { size: 10, count: 1 },
    { size: 60, count: 1 },
    { size: 300, count: 2 },
    { size: 3600, count: 3 },
  ]);
  const templates = await inEveryProject(() =>
    sql<{ text: string }>`select text from log_template order by 1`.execute(db),
  );
  expect(templates.rows.map(({ text }) => text)).toEqual(['a new thing', 'a thing', 'an older thing']);
});
