import { sql, type RawBuilder } from 'kysely';
import type { Db } from './connect.ts';

/** How long rows are kept, in milliseconds; those of an operation count from its end. */
export interface Keep {
  readonly archivesMs: number;
  readonly timelinesMs: number;
  readonly samplesMs: number;
  readonly idempotencyKeysMs: number;
  /** Of notifications, from their own end. */
  readonly notificationsMs: number;
}

/** Removes what is older than it is kept. The rows of operations themselves stay: they are few and small. */
export async function pruneOldRows(db: Db, keep: Keep): Promise<void> {
  await removeAll(
    db,
    'server_sample',
    sql`second < extract(epoch from now()) - ${keep.samplesMs / 1000}::double precision`,
  );
  await removeAll(db, 'idempotency_key', sql`created_at < ${ago(keep.idempotencyKeysMs)}`);
  await removeAll(
    db,
    'notification_delivery',
    sql`state <> 'pending' and settled_at < ${ago(keep.notificationsMs)}`,
  );
  await removeAll(db, 'operation_event', sql`operation_id in (${endedBefore(keep.timelinesMs)})`);
  await removeAll(db, 'operation_archive', sql`operation_id in (${endedBefore(keep.archivesMs)})`);
}

const batch = 10_000;

/** In batches, each a transaction of its own: a large backlog holds no locks for long. */
async function removeAll(db: Db, table: string, isOld: RawBuilder<unknown>): Promise<void> {
  for (;;) {
    const name = sql.table(table);
    const { numAffectedRows = 0n } = await sql`
      delete from ${name} where ctid = any(array(select ctid from ${name} where ${isOld} limit ${batch}))`.execute(
      db,
    );
    if (numAffectedRows < BigInt(batch)) return;
  }
}

function endedBefore(ageMs: number): RawBuilder<unknown> {
  return sql`select id from operation where status = 'closed' and finished_at < ${ago(ageMs)}`;
}

function ago(ms: number): RawBuilder<Date> {
  return sql<Date>`now() - ${ms} * interval '1 ms'`;
}
