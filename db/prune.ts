import { sql } from 'kysely';
import type { Db } from './connect.ts';

/** Counters are kept 24 h (what a judge learns from), idempotency keys 7 days. */
export async function pruneOldRows(db: Db): Promise<void> {
  await sql`delete from server_sample where second < extract(epoch from now()) - 86400`.execute(db);
  await sql`delete from idempotency_key where created_at < now() - interval '7 days'`.execute(db);
}
