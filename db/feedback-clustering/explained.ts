import { sql } from 'kysely';
import type { Db } from '../connect.ts';
import { floatsOf } from './embeddings.ts';

export interface ExplainedRow {
  readonly id: string;
  readonly clusterId: string;
  readonly title: string;
  readonly body: string;
  readonly membership: Readonly<Record<string, unknown>> | null;
  /** Empty where there is none. */
  readonly vector: Float32Array;
}

interface Asked {
  readonly clusterId: string;
  readonly model: string;
  readonly limit: number;
}

/** The item and the newest others of its cluster. */
export async function explainedItems(
  db: Db,
  project: string,
  { clusterId, model, limit, itemId }: Asked & { readonly itemId: string },
): Promise<ExplainedRow[]> {
  const rows = await withVectors(db, project, model)
    .where('i.cluster_id', '=', clusterId)
    .orderBy(sql`i.id <> ${itemId}`)
    .orderBy('i.last_seen', 'desc')
    .orderBy('i.id')
    .limit(limit)
    .execute();
  return rows.map(toRow);
}

/** Typical items of the other clusters, the largest clusters first. */
export async function rivalsOf(
  db: Db,
  project: string,
  { clusterId, model, limit }: Asked,
): Promise<ExplainedRow[]> {
  const rows = await withVectors(db, project, model)
    .innerJoin('feedback_cluster as c', 'c.id', 'i.cluster_id')
    .where('c.id', '!=', clusterId)
    .where(sql<boolean>`c.representatives->>0 = i.id`)
    .orderBy('c.size', 'desc')
    .orderBy('c.id')
    .limit(limit)
    .execute();
  return rows.map(toRow);
}

function withVectors(db: Db, project: string, model: string) {
  return db
    .selectFrom('feedback_item as i')
    .leftJoin('feedback_embedding as e', (join) =>
      join
        .onRef('e.content_hash', '=', 'i.content_hash')
        .onRef('e.project', '=', 'i.project')
        .on('e.model', '=', model),
    )
    .select(['i.id', 'i.cluster_id', 'i.title', 'i.body', 'i.membership', 'e.vector'])
    .where('i.project', '=', project);
}

function toRow(row: {
  id: string;
  cluster_id: string | null;
  title: string;
  body: string;
  membership: Record<string, unknown> | null;
  vector: Buffer | null;
}): ExplainedRow {
  const { id, title, body, membership } = row;
  const vector = row.vector === null ? new Float32Array() : floatsOf(row.vector);
  return { id, clusterId: row.cluster_id ?? '', title, body, membership, vector };
}
