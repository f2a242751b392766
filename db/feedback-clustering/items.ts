import { sql } from 'kysely';
import type { Db } from '../connect.ts';

/** An item as clustering needs it. */
export interface ClusterItem {
  readonly id: string;
  readonly revision: number;
  readonly title: string;
  readonly body: string;
  readonly contentHash: string;
  readonly fingerprint: string | null;
  readonly clusterId: string | null;
}

const columns = [
  'id',
  'revision',
  'title',
  'body',
  'content_hash as contentHash',
  'fingerprint',
  'cluster_id as clusterId',
] as const;

/** Items that wait to be clustered and may be tried now, those that wait for longest first. */
export function pendingItems(db: Db, project: string, limit: number): Promise<ClusterItem[]> {
  return db
    .selectFrom('feedback_item')
    .select(columns)
    .where('project', '=', project)
    .where('clustering', '=', 'pending')
    .where((or) => or.or([or('retry_at', 'is', null), or('retry_at', '<=', sql<Date>`now()`)]))
    .orderBy('received_at')
    .orderBy('id')
    .limit(limit)
    .execute();
}

export interface PlacedItem {
  readonly id: string;
  readonly revision: number;
  readonly contentHash: string;
  readonly fingerprint: string | null;
  readonly clusterId: string;
  readonly isProvisional: boolean;
  readonly rule: string;
}

/** Items that are in a cluster, in the order of their ids, a page at a time. Texts are left out: they may be many. */
export async function placedItems(
  db: Db,
  project: string,
  after: string,
  limit: number,
): Promise<PlacedItem[]> {
  const rows = await db
    .selectFrom('feedback_item')
    .select(['id', 'revision', 'content_hash as contentHash', 'fingerprint', 'cluster_id as clusterId'])
    .select(sql<boolean>`coalesce((membership->>'provisional')::boolean, false)`.as('isProvisional'))
    .select(sql<string>`coalesce(membership->>'rule', '')`.as('rule'))
    .where('project', '=', project)
    .where('clustering', '=', 'clustered')
    .where('cluster_id', 'is not', null)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, clusterId: row.clusterId ?? '' }));
}

/** Title and body of items, by their ids. */
export async function textsOf(
  db: Db,
  project: string,
  ids: readonly string[],
): Promise<Map<string, { title: string; body: string }>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('feedback_item')
    .select(['id', 'title', 'body'])
    .where('project', '=', project)
    .where('id', 'in', [...ids])
    .execute();
  return new Map(rows.map(({ id, ...text }) => [id, text]));
}

/** Every text of the project, a page at a time, by id. */
export function textPage(db: Db, project: string, after: string, limit: number) {
  return db
    .selectFrom('feedback_item')
    .select(['id', 'title', 'body', 'content_hash as contentHash'])
    .where('project', '=', project)
    .where('clustering', '!=', 'quarantined')
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

export interface FailedItem {
  readonly id: string;
  readonly fault: string;
}

export const triesBeforeQuarantine = 5;

/** Counts a failed try: the item waits longer each time, and is put aside after the last. Answers how many were put aside. */
export async function failItems(db: Db, project: string, failed: readonly FailedItem[]): Promise<number> {
  const { rows } = await sql<{ clustering: string }>`update feedback_item i set
      tries = i.tries + 1, fault = left(f.fault, 500),
      clustering = case when i.tries + 1 >= ${triesBeforeQuarantine} then 'quarantined' else 'pending' end,
      retry_at = now() + least(300, power(3, i.tries)) * interval '1 second'
    from jsonb_to_recordset(${JSON.stringify(failed)}::jsonb) as f(id text, fault text)
    where i.id = f.id and i.project = ${project}
    returning i.clustering`.execute(db);
  return rows.filter(({ clustering }) => clustering === 'quarantined').length;
}

/** When the next item that failed may be tried again, in milliseconds; null when none waits for that. */
export async function nextRetryMs(db: Db, project: string): Promise<number | null> {
  const row = await db
    .selectFrom('feedback_item')
    .select(sql<number | null>`(extract(epoch from min(retry_at) - now()) * 1000)::float8`.as('ms'))
    .where('project', '=', project)
    .where('clustering', '=', 'pending')
    .where('retry_at', 'is not', null)
    .executeTakeFirst();
  return row?.ms == null ? null : Math.max(0, Number(row.ms));
}

/** Items whose vectors are gone, or were made by another model: they wait to be clustered again, and stay where they are until then. */
export async function postponeItems(db: Db, project: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable('feedback_item')
    .set({ clustering: 'pending', retry_at: null })
    .where('project', '=', project)
    .where('id', 'in', [...ids])
    .execute();
}
