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
  /** Of deliveries of feedback and uploaded files; one that is sent again later counts as new. */
  readonly feedbackDeliveriesMs: number;
  /** Of log windows of an hour, from their beginning; those of 5 minutes a quarter of it, smaller ones a thirtieth. */
  readonly logWindowsMs: number;
}

/** Removes what is older than it is kept. The rows of operations themselves stay: they are few and small. */
export async function pruneOldRows(db: Db, keep: Keep): Promise<void> {
  await removeAll(
    db,
    'server_sample',
    sql`second < extract(epoch from now()) - ${keep.samplesMs / 1000}::double precision`,
  );
  await removeAll(db, 'proxy_window', sql`starts_at < ${ago(keep.samplesMs)}`);
  await removeAll(db, 'seen_request', sql`seen_at < ${ago(keep.samplesMs)}`);
  await removeAll(db, 'idempotency_key', sql`created_at < ${ago(keep.idempotencyKeysMs)}`);
  await removeAll(
    db,
    'notification_delivery',
    sql`state <> 'pending' and settled_at < ${ago(keep.notificationsMs)}`,
  );
  await removeAll(db, 'log_window', sql`${endedWindows(keep.logWindowsMs)}`);
  await removeAll(db, 'log_window_batch', sql`received_at < ${ago(keep.logWindowsMs)}`);
  await removeAll(db, 'log_template', sql`${unusedTemplates(keep.logWindowsMs)}`);
  await removeAll(db, 'feedback_delivery', sql`received_at < ${ago(keep.feedbackDeliveriesMs)}`);
  await removeAll(db, 'feedback_upload', sql`started_at < ${ago(keep.feedbackDeliveriesMs)}`);
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

/** Each size by itself, so that the index finds them. */
function endedWindows(ageMs: number): RawBuilder<unknown> {
  return sql`(size_seconds = 3600 and starts_at < ${ago(ageMs)}) or (size_seconds = 300 and starts_at < ${ago(ageMs / 4)})
    or (size_seconds in (10, 60) and starts_at < ${ago(ageMs / 30)})`;
}

/** Templates that became one go together: what is left of them would come to another one. */
function unusedTemplates(ageMs: number): RawBuilder<unknown> {
  return sql`created_at < ${ago(ageMs)} and not exists (
    select from log_template own join log_window w on w.project = own.project and w.template_id = own.id
    where own.project = log_template.project and own.root_id = log_template.root_id)`;
}

function endedBefore(ageMs: number): RawBuilder<unknown> {
  return sql`select id from operation where status = 'closed' and finished_at < ${ago(ageMs)}`;
}

function ago(ms: number): RawBuilder<Date> {
  return sql<Date>`now() - ${ms} * interval '1 ms'`;
}
