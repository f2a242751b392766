import { sql } from 'kysely';
import type { Db } from '../../../db/connect.ts';
import { inEveryProject } from '../../../db/scope.ts';

/** Everything that is kept, but for when. */
export const keptIn = (db: Db) =>
  inEveryProject(async () => {
    const windows = await sql`select * from log_window order by size_seconds, starts_at, key`.execute(db);
    const templates = await sql`select id, text, root_id, observed from log_template order by id`.execute(db);
    return JSON.stringify([windows.rows, templates.rows.filter((row) => isReached(row, templates.rows))]);
  });

/** A general template that was superseded by a more general one may stay behind: nothing leads to it. */
function isReached(row: unknown, all: readonly unknown[]): boolean {
  const { id, observed } = row as { id: string; observed: boolean };
  return (
    observed ||
    all.some(
      (one) =>
        (one as { id: string; root_id: string; observed: boolean }).observed &&
        (one as { root_id: string }).root_id === id,
    )
  );
}
