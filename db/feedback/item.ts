import { sql, type Selectable } from 'kysely';
import type { ClusteringState, Feedback } from '../../contracts/feedback.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';
import type { Database } from '../schema.ts';

export interface FeedbackFilter {
  readonly source?: string;
  readonly kind?: Feedback['kind'];
  readonly status?: Feedback['status'];
  readonly clustering?: ClusteringState;
  readonly cluster?: string;
  /** Words that title and body hold, as people type them into a search. */
  readonly q?: string;
  /** Only items older than this id. */
  readonly before: string | null;
  readonly limit: number;
}

/** Newest first. */
export async function listFeedback(db: Db, project: string, filter: FeedbackFilter): Promise<Feedback[]> {
  let query = db.selectFrom('feedback_item').selectAll().where('project', '=', project);
  const { source, kind, status, clustering, cluster, q, before } = filter;
  if (source !== undefined) query = query.where('source', '=', source);
  if (kind !== undefined) query = query.where('kind', '=', kind);
  if (status !== undefined) query = query.where('status', '=', status);
  if (clustering !== undefined) query = query.where('clustering', '=', clustering);
  if (cluster !== undefined) query = query.where('cluster_id', '=', cluster);
  // The expression of the index feedback_item_text.
  if (q !== undefined)
    query = query.where(
      sql<boolean>`to_tsvector('simple', title || ' ' || left(body, 4000)) @@ websearch_to_tsquery('simple', ${q})`,
    );
  if (before !== null) query = query.where('id', '<', before);
  return (await query.orderBy('id', 'desc').limit(filter.limit).execute()).map(toFeedback);
}

export async function requireFeedback(db: Db, project: string, id: string): Promise<Feedback> {
  const row = await db
    .selectFrom('feedback_item')
    .selectAll()
    .where('project', '=', project)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row !== undefined) return toFeedback(row);
  throw new OpsError('not-found', `there is no feedback ${id}`);
}

export function toFeedback(row: Selectable<Database['feedback_item']>): Feedback {
  return {
    id: row.id,
    source: row.source,
    externalId: row.external_id,
    kind: row.kind,
    title: row.title,
    body: row.body,
    url: row.url,
    status: row.status,
    labels: row.labels,
    service: row.service,
    release: row.release,
    occurrences: row.occurrences,
    firstSeen: row.first_seen.toISOString(),
    lastSeen: row.last_seen.toISOString(),
    receivedAt: row.received_at.toISOString(),
    sourceUpdatedAt: row.source_updated_at.toISOString(),
    clustering: row.clustering,
    fault: row.fault,
    clusterId: row.cluster_id,
    metadata: row.metadata,
  };
}
