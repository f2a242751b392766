import { sql } from 'kysely';
import type { Db } from '../connect.ts';

/** Where an item is from now on. */
export interface Placement {
  readonly id: string;
  /** The one that was clustered: an item that changed since stays pending. */
  readonly revision: number;
  readonly clusterId: string;
  readonly membership: Membership;
}

/** Why an item is in its cluster. */
export interface Membership {
  /** `people`: edits; `fingerprint`: the same error; `similarity`; `alone`: like nothing else. */
  readonly rule: 'similarity' | 'fingerprint' | 'people' | 'alone';
  /** Average cosine to the other members; 0 for an item alone. */
  readonly similarity: number;
  /** It was assigned when it came in, and not compared with all others yet. */
  readonly provisional: boolean;
}

export interface ClusterText {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly representatives: readonly string[];
}

/** Writes clusters as they are described now; those that are new begin in state `new`. A title that a person gave stays. */
export async function describeClusters(
  db: Db,
  project: string,
  clusters: readonly ClusterText[],
): Promise<void> {
  if (clusters.length === 0) return;
  await sql`insert into feedback_cluster as c (id, project, title, summary, representatives, size, first_seen, last_seen)
    select d.id, ${project}, d.title, d.summary, d.representatives, 0, now(), now()
    from jsonb_to_recordset(${JSON.stringify(clusters)}::jsonb) as d(id text, title text, summary text, representatives jsonb)
    on conflict (id) do update set
      title = case when c.titled_by is null then excluded.title else c.title end,
      summary = excluded.summary, representatives = excluded.representatives`.execute(db);
}

/** Puts items into their clusters; one that was edited meanwhile stays as it is, and pending. */
export async function placeItems(db: Db, project: string, placements: readonly Placement[]): Promise<void> {
  if (placements.length === 0) return;
  await sql`with p as (
      select * from jsonb_to_recordset(${JSON.stringify(placements)}::jsonb)
        as p(id text, revision int, "clusterId" text, membership jsonb)
    ), noticed as (
      insert into feedback_told (project, item_id)
      select i.project, i.id from p join feedback_item i on i.id = p.id and i.project = ${project} and i.revision = p.revision
      where i.cluster_id is distinct from p."clusterId"
      on conflict do nothing
    )
    update feedback_item i set cluster_id = p."clusterId", membership = p.membership,
      clustering = 'clustered', tries = 0, fault = null, retry_at = null
    from p where i.id = p.id and i.project = ${project} and i.revision = p.revision`.execute(db);
}

/**
 * Counts the members of clusters anew. A cluster that has lost all of them redirects to where they went; one that has some again
 * stands again.
 */
export async function countMembers(
  db: Db,
  project: string,
  ids: readonly string[],
  redirects: ReadonlyMap<string, string | null>,
): Promise<void> {
  if (ids.length === 0) return;
  const gone = JSON.stringify([...redirects].map(([id, to]) => ({ id, to })));
  await sql`update feedback_cluster c set
      size = m.size, first_seen = coalesce(m.first_seen, c.first_seen), last_seen = coalesce(m.last_seen, c.last_seen),
      sources = m.sources, revision = c.revision + 1, updated_at = now(),
      redirect_to = case when m.size > 0 then null else coalesce(r.to, c.redirect_to) end
    from unnest(${[...ids]}::text[]) as touched(id)
    cross join lateral (
      select count(*)::int as size, min(i.first_seen) as first_seen, max(i.last_seen) as last_seen,
        coalesce(jsonb_agg(distinct i.source), '[]') as sources
      from feedback_item i where i.cluster_id = touched.id and i.project = ${project}
    ) m
    left join jsonb_to_recordset(${gone}::jsonb) as r(id text, "to" text) on r.id = touched.id
    where c.id = touched.id and c.project = ${project}`.execute(db);
}
