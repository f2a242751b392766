import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type Db } from '../../../db/connect.ts';
import { addBatch } from '../../../db/log-window/add.ts';
import { inEveryProject, inProject } from '../../../db/scope.ts';
import { testDatabase, type TestDatabase } from '../../support/postgres.ts';
import { batches } from './batches.ts';
import { keptIn } from './kept.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = connect(database.url);
});
afterAll(async () => {
  await db.destroy();
  await database.close();
});

/** Runs the sender until it has heard of so many batches, then kills it; answers the batches it was told are kept. */
async function sendUntil(heard: number): Promise<string[]> {
  const sender = spawn(process.execPath, [path.join(import.meta.dirname, 'sender.ts')], {
    env: { ...process.env, DATABASE_URL: database.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  sender.stdout.on('data', (part: Buffer) => {
    said += part.toString();
    if (said.split('\n').length > heard) sender.kill('SIGKILL');
  });
  await once(sender, 'close');
  return said.split('\n').slice(0, -1);
}

test(
  'a sender that is killed again and again, and sends all again, loses nothing and counts nothing twice',
  { timeout: 60_000 },
  async () => {
    for (const heard of [1, 2, 4, 7]) {
      const told = await sendUntil(heard);
      const rows = await inEveryProject(() =>
        sql<{ id: string }>`select batch_id as id from log_window_batch`.execute(db),
      );
      expect(rows.rows.map(({ id }) => id)).toEqual(expect.arrayContaining(told));
    }
    expect(await sendUntil(Infinity)).toHaveLength(batches.length);
    const killed = await keptIn(db);

    await inEveryProject(async () => {
      for (const table of ['log_window', 'log_window_batch', 'log_template'])
        await sql`delete from ${sql.table(table)}`.execute(db);
    });
    for (const batch of batches) await inProject(batch.project, () => addBatch(db, batch));

    expect(killed).toBe(await keptIn(db));
  },
);
