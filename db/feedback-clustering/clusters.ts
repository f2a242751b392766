import { sql, type Selectable } from 'kysely';
import type { Cluster, ClusterMember } from '../../contracts/feedback-clustering.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';
import type { Database } from '../schema.ts';
import type { ClusterBefore } from './edits.ts';

export interface ClusterFilter {
  readonly state?: string;
  readonly source?: string;
  /** Words that all stand in the title or summary, or in the text of a member. */
  readonly text?: string;
  /** Singletons too. */
  readonly all?: boolean;
  /** `lastSeen` and id of the last one of the page before. */
  readonly after: { readonly lastSeen: string; readonly id: string } | null;
  readonly limit: number;
}

/** Clusters that stand, those with the newest item first. */
export async function listClusters(db: Db, project: string, filter: ClusterFilter): Promise<Cluster[]> {
  const { state, source, text, after } = filter;
  const rows = await db
    .selectFrom('feedback_cluster as c')
    .selectAll()
    .where('c.project', '=', project)
    .where('c.redirect_to', 'is', null)
    .where('c.size', '>=', filter.all === true ? 1 : 2)
    .$if(state !== undefined, (query) => query.where('c.state', '=', state as Cluster['state']))
    .$if(source !== undefined, (query) => query.where(sql<boolean>`c.sources ? ${source}`))
    .$if(text !== undefined, (query) => query.where(matches(project, text ?? '')))
    .$if(after !== null, (query) =>
      query.where(sql<boolean>`(c.last_seen, c.id) < (${after?.lastSeen}::timestamptz, ${after?.id})`),
    )
    .orderBy('c.last_seen', 'desc')
    .orderBy('c.id', 'desc')
    .limit(filter.limit)
    .execute();
  return rows.map(toCluster);
}

function matches(project: string, text: string) {
  return sql<boolean>`(to_tsvector('simple', concat_ws(' ', c.title, c.summary, c.model_text->>'title', c.model_text->>'summary')) @@ plainto_tsquery('simple', ${text})
    or exists (select from feedback_item i where i.cluster_id = c.id and i.project = ${project}
      and to_tsvector('simple', i.title || ' ' || left(i.body, 4000)) @@ plainto_tsquery('simple', ${text})))`;
}

/** The cluster, or the one that its items went to. */
export async function requireCluster(db: Db, project: string, id: string): Promise<Cluster> {
  const seen = new Set<string>();
  for (let at = id; !seen.has(at);) {
    seen.add(at);
    const row = await db
      .selectFrom('feedback_cluster')
      .selectAll()
      .where('project', '=', project)
      .where('id', '=', at)
      .executeTakeFirst();
    if (row === undefined) break;
    if (row.redirect_to === null) return toCluster(row);
    at = row.redirect_to;
  }
  throw new OpsError('not-found', `project ${project} has no cluster ${id}`);
}

/** The newest members. */
export async function listMembers(
  db: Db,
  project: string,
  clusterId: string,
  limit: number,
): Promise<ClusterMember[]> {
  const rows = await db
    .selectFrom('feedback_item')
    .select(['id', 'title', 'source', 'occurrences', 'last_seen', 'membership'])
    .where('project', '=', project)
    .where('cluster_id', '=', clusterId)
    .orderBy('last_seen', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    itemId: row.id,
    title: row.title,
    source: row.source,
    occurrences: Number(row.occurrences),
    lastSeen: row.last_seen.toISOString(),
    why: row.membership ?? {},
  }));
}

/** Clusters as they are, for taking an edit back; `members` are told by who knows them. */
export async function clustersBefore(
  db: Db,
  project: string,
  members: ReadonlyMap<string, readonly string[]>,
): Promise<ClusterBefore[]> {
  if (members.size === 0) return [];
  const rows = await db
    .selectFrom('feedback_cluster')
    .selectAll()
    .where('project', '=', project)
    .where('id', 'in', [...members.keys()])
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    title: row.title,
    titledBy: row.titled_by,
    state: row.state,
    fixedRelease: row.fixed_release,
    fixedAt: row.fixed_at?.toISOString() ?? null,
    lock: row.lock,
    members: [...(members.get(row.id) ?? [])].sort(),
  }));
}

/** What a person changed of a cluster itself. */
export type ClusterPatch = Partial<
  Pick<
    Selectable<Database['feedback_cluster']>,
    'title' | 'titled_by' | 'state' | 'fixed_release' | 'fixed_at' | 'lock' | 'regressed_at'
  >
>;

export async function patchCluster(db: Db, project: string, id: string, patch: ClusterPatch): Promise<void> {
  if (Object.keys(patch).length === 0) return;
  await db
    .updateTable('feedback_cluster')
    .set({ ...patch, revision: sql<number>`revision + 1`, updated_at: new Date() })
    .where('project', '=', project)
    .where('id', '=', id)
    .execute();
}

export interface HourCount {
  readonly hour: string;
  readonly count: number;
}

/** Occurrences of the members by the hour, the oldest first, of the last `days`. */
export async function occurrencesOf(
  db: Db,
  project: string,
  clusterId: string,
  days: number,
): Promise<HourCount[]> {
  const rows = await db
    .selectFrom('feedback_occurrence as o')
    .innerJoin('feedback_item as i', 'i.id', 'o.item_id')
    .select(['o.hour', (select) => select.fn.sum<number>('o.count').as('count')])
    .where('o.project', '=', project)
    .where('i.cluster_id', '=', clusterId)
    .where('o.hour', '>', sql<Date>`now() - ${days} * interval '1 day'`)
    .groupBy('o.hour')
    .orderBy('o.hour')
    .execute();
  return rows.map(({ hour, count }) => ({ hour: hour.toISOString(), count: Number(count) }));
}

export function toCluster(row: Selectable<Database['feedback_cluster']>): Cluster {
  return {
    id: row.id,
    project: row.project,
    title: row.titled_by === null ? (row.model_text?.title ?? row.title) : row.title,
    titledBy: row.titled_by,
    summary: row.model_text?.summary ?? row.summary,
    describedBy: row.model_text?.model ?? null,
    state: row.state,
    size: row.size,
    sources: row.sources,
    representatives: row.representatives,
    lock: row.lock,
    severity: row.severity,
    owner: row.owner,
    fixedRelease: row.fixed_release,
    fixedAt: row.fixed_at?.toISOString() ?? null,
    regressedAt: row.regressed_at?.toISOString() ?? null,
    redirectTo: row.redirect_to,
    firstSeen: row.first_seen.toISOString(),
    lastSeen: row.last_seen.toISOString(),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
