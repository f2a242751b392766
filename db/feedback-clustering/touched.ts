import { sql } from 'kysely';
import type { Db } from '../connect.ts';

/** The newest event of a cluster that is fixed, and when and in which release it was fixed. */
export interface FixedCluster {
  readonly id: string;
  readonly fixedRelease: string | null;
  readonly fixedAt: Date;
  readonly events: readonly { readonly release: string | null; readonly at: string }[];
}

/** More wait for the next look. */
export const noticedAtOnce = 1000;

/** Clusters of items that were told again were seen when those were; answers how many items it were, and which clusters are fixed. */
export async function noticeTouched(
  db: Db,
  project: string,
): Promise<{ items: number; fixed: FixedCluster[] }> {
  const { rows } = await sql<{
    items: number;
    id: string;
    state: string;
    fixed_release: string | null;
    fixed_at: Date | null;
    events: { release: string | null; at: string }[];
  }>`with gone as (
      delete from feedback_told where project = ${project} and item_id in (
        select t.item_id from feedback_told t join feedback_item i on i.id = t.item_id
        where t.project = ${project} and i.clustering = 'clustered'
        order by t.item_id limit ${noticedAtOnce} for update of t skip locked
      )
      returning item_id
    ), told as (
      select i.cluster_id, i.last_seen, i.release from gone join feedback_item i on i.id = gone.item_id
    ), seen as (
      select cluster_id as id, max(last_seen) as last_seen,
        jsonb_agg(jsonb_build_object('release', release, 'at', last_seen)) as events
      from told where cluster_id is not null group by cluster_id
    )
    update feedback_cluster c set last_seen = greatest(c.last_seen, seen.last_seen), updated_at = now()
    from seen where c.id = seen.id and c.project = ${project}
    returning c.id, c.state, c.fixed_release, c.fixed_at, seen.events, (select count(*)::int from gone) as items`.execute(
    db,
  );
  const fixed = rows.flatMap(({ id, state, fixed_release: fixedRelease, fixed_at: fixedAt, events }) =>
    state === 'fixed' && fixedAt !== null ? [{ id, fixedRelease, fixedAt, events }] : [],
  );
  return { items: rows[0]?.items ?? 0, fixed };
}

/** A fixed cluster is broken again: it is new, and says since when. Answers false when it was not fixed any more. */
export async function reopenCluster(db: Db, project: string, id: string): Promise<boolean> {
  const reopened = await db
    .updateTable('feedback_cluster')
    .set({
      state: 'new',
      regressed_at: new Date(),
      revision: sql<number>`revision + 1`,
      updated_at: new Date(),
    })
    .where('project', '=', project)
    .where('id', '=', id)
    .where('state', '=', 'fixed')
    .returning('id')
    .executeTakeFirst();
  return reopened !== undefined;
}

export interface SeverityRow {
  readonly id: string;
  readonly kind: 'feedback' | 'error';
  readonly lastDay: number;
  readonly sources: number;
  readonly services: number;
  readonly releases: number;
  readonly exception: string | null;
  readonly titles: readonly string[];
  /** Of its newest error that has one. */
  readonly stack: string | null;
}

/** What the severity of clusters goes by. */
export async function severityFactsOf(
  db: Db,
  project: string,
  ids: readonly string[],
): Promise<SeverityRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<SeverityRow>`select i.cluster_id as id,
      case when bool_or(i.kind = 'error') then 'error' else 'feedback' end as kind,
      coalesce(sum(o.count), 0)::int as "lastDay", count(distinct i.source)::int as sources,
      count(distinct i.service)::int as services, count(distinct i.release)::int as releases,
      max(i.stack->>'type') as exception,
      (array_agg(i.stack->>'stack' order by i.last_seen desc) filter (where i.stack->>'stack' is not null))[1] as stack, (array_agg(distinct left(i.title, 200)))[1:20] as titles
    from feedback_item i
    left join lateral (select sum(count) as count from feedback_occurrence o
      where o.item_id = i.id and o.hour > now() - interval '24 hours') o on true
    where i.project = ${project} and i.cluster_id = any(${[...ids]}::text[])
    group by i.cluster_id`.execute(db);
  return rows;
}

export async function writeSeverities(
  db: Db,
  project: string,
  severities: readonly { readonly id: string; readonly severity: object; readonly owner: object | null }[],
): Promise<void> {
  await sql`update feedback_cluster c set severity = s.severity, owner = s.owner
    from jsonb_to_recordset(${JSON.stringify(severities)}::jsonb) as s(id text, severity jsonb, owner jsonb)
    where c.id = s.id and c.project = ${project}`.execute(db);
}
