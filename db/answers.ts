import { sql } from 'kysely';
import type { Db } from './connect.ts';

/** Returns when the database answers, throws its error when it does not. */
export async function answers(db: Db): Promise<void> {
  await sql`select 1`.execute(db);
}
