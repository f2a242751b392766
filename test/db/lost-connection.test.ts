import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { connect, connectUnwalled } from '../../db/connect.ts';
import { inEveryProject } from '../../db/scope.ts';
import { testDatabase } from '../support/postgres.ts';

test('a connection that dies while somebody holds it fails their next query, and nothing else', async () => {
  const database = await testDatabase();
  const [db, eyes] = [connect(database.url, { max: 1 }), connectUnwalled(database.url)];
  const held = inEveryProject(() =>
    db.transaction().execute(async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(eyes);
      // Long enough for the end to arrive while no query waits for an answer.
      await new Promise((resolve) => setTimeout(resolve, 200));
      await sql`select 1`.execute(tx);
    }),
  );

  await expect(held).rejects.toThrow();
  const { rows } = await inEveryProject(() => sql`select 1 as one`.execute(db));
  expect(rows).toEqual([{ one: 1 }]);
  await Promise.all([db.destroy(), eyes.destroy()]);
  await database.close();
});
