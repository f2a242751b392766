import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCrowd } from '../../bench/audit/crowd.ts';
import { sealEntries } from '../../db/audit/seal.ts';
import { connectUnwalled, type Db } from '../../db/connect.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { verifyProject } from './support.ts';

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

test('processes that append and seal are killed: the chain has no fork, no gap, and lacks nothing', async () => {
  const project = 'crowd';
  const crowd = { url: database.url, project, kind: 'sealed' as const, processes: 3, batch: 5 };

  await runCrowd({ ...crowd, forMs: 2000, kills: 6 });
  // The connection of a process that was killed a moment ago may hold the lock a little longer.
  await expect
    .poll(async () => {
      await sealEntries(db, project);
      return (await db.selectFrom('audit_pending').select('n').execute()).length;
    })
    .toBe(0);

  const verdict = await verifyProject(db, project);
  expect(verdict).toMatchObject({ fault: null, waiting: 0 });
  const written = await db.selectFrom('audit_entry').select('id').where('project', '=', project).execute();
  expect(verdict.entries).toBe(written.length);
}, 60_000);
