import { sql, type Expression, type SqlBool } from 'kysely';
import type { Db } from '../connect.ts';

export interface ClusterToName {
  readonly id: string;
  readonly size: number;
  readonly representatives: readonly string[];
}

/**
 * Clusters that a model has not named, or that have doubled since: what they are about may have moved, and a name for every arrival would
 * cost a request each. Not those that a person has named.
 */
const isDue: Expression<SqlBool> = sql<SqlBool>`redirect_to is null and size > 1 and titled_by is null
  and (model_text is null or size >= 2 * (model_text->>'size')::int)`;

export async function clustersToName(db: Db, project: string, limit: number): Promise<ClusterToName[]> {
  return db
    .selectFrom('feedback_cluster')
    .select(['id', 'size', 'representatives'])
    .where('project', '=', project)
    .where(isDue)
    .where(sql<SqlBool>`coalesce(name_retry_at, now()) <= now()`)
    .orderBy('last_seen', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Milliseconds until the next cluster is to be named, 0 for now; null: none is. */
export async function nextNamingMs(db: Db, project: string): Promise<number | null> {
  const row = await db
    .selectFrom('feedback_cluster')
    .select(
      sql<number | null>`min(extract(epoch from coalesce(name_retry_at, now()) - now()) * 1000)`.as('ms'),
    )
    .where('project', '=', project)
    .where(isDue)
    .executeTakeFirst();
  return row?.ms == null ? null : Math.max(0, Math.ceil(Number(row.ms)));
}

export async function nameCluster(
  db: Db,
  project: string,
  { id, size }: ClusterToName,
  text: { readonly title: string; readonly summary: string; readonly model: string },
): Promise<void> {
  await db
    .updateTable('feedback_cluster')
    .set({
      model_text: JSON.stringify({ ...text, size }),
      name_retry_at: null,
      ...{ revision: sql<number>`revision + 1`, updated_at: new Date() },
    })
    .where('project', '=', project)
    .where('id', '=', id)
    .execute();
}

/** It keeps the words of its items until then. */
export async function nameLater(db: Db, project: string, ids: readonly string[], ms: number): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable('feedback_cluster')
    .set({ name_retry_at: sql<Date>`now() + ${ms}::float8 * interval '1 millisecond'` })
    .where('project', '=', project)
    .where('id', 'in', ids)
    .execute();
}
