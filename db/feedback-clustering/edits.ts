import { sql, type Selectable } from 'kysely';
import type { ClusterEdit } from '../../contracts/feedback-clustering.ts';
import type { Edit } from '../../domain/feedback-clustering/edits.ts';
import type { Db } from '../connect.ts';
import type { Database } from '../schema.ts';

/** A cluster as it was before an edit. */
export interface ClusterBefore {
  readonly id: string;
  readonly title: string;
  readonly titledBy: string | null;
  readonly state: string;
  readonly fixedRelease: string | null;
  readonly fixedAt: string | null;
  readonly lock: string | null;
  readonly members: readonly string[];
}

export interface NewEdit {
  readonly id: string;
  readonly project: string;
  readonly kind: string;
  /** What was asked, and under `edit` what it means for items; null where it changes no membership. */
  readonly body: { readonly edit: Edit | null } & Readonly<Record<string, unknown>>;
  readonly before: readonly ClusterBefore[];
  readonly by: string;
}

/** What people decided and did not take back, oldest first; `without` leaves one out. */
export async function standingEdits(db: Db, project: string, without: string | null = null): Promise<Edit[]> {
  const rows = await db
    .selectFrom('cluster_edit')
    .select('body')
    .where('project', '=', project)
    .where('undone_at', 'is', null)
    .$if(without !== null, (query) => query.where('id', '!=', without ?? ''))
    .orderBy('at')
    .orderBy('id')
    .execute();
  return rows.flatMap(({ body }) => (body['edit'] as Edit | null | undefined) ?? []);
}

export async function keepEdit(db: Db, edit: NewEdit): Promise<void> {
  await db
    .insertInto('cluster_edit')
    .values({
      id: edit.id,
      project: edit.project,
      kind: edit.kind,
      body: JSON.stringify(edit.body),
      before: JSON.stringify(edit.before),
      edited_by: edit.by,
    })
    .execute();
}

export interface KeptEdit extends ClusterEdit {
  readonly before: readonly ClusterBefore[];
  /** Younger than a day. */
  readonly isFresh: boolean;
}

export async function findEdit(db: Db, project: string, id: string): Promise<KeptEdit | null> {
  const row = await db
    .selectFrom('cluster_edit')
    .selectAll()
    .select(sql<boolean>`at > now() - interval '24 hours'`.as('is_fresh'))
    .where('project', '=', project)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return null;
  return { ...toEdit(row), before: row.before as unknown as ClusterBefore[], isFresh: row.is_fresh };
}

export async function undoEdit(db: Db, project: string, id: string, by: string): Promise<void> {
  await db
    .updateTable('cluster_edit')
    .set({ undone_by: by, undone_at: new Date() })
    .where('project', '=', project)
    .where('id', '=', id)
    .where('undone_at', 'is', null)
    .execute();
}

/** Newest first. */
export async function listEdits(
  db: Db,
  project: string,
  page: { readonly before: string | null; readonly limit: number },
): Promise<ClusterEdit[]> {
  const rows = await db
    .selectFrom('cluster_edit')
    .selectAll()
    .where('project', '=', project)
    .$if(page.before !== null, (query) => query.where('id', '<', page.before ?? ''))
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map(toEdit);
}

function toEdit(row: Selectable<Database['cluster_edit']>): ClusterEdit {
  return {
    id: row.id,
    kind: row.kind,
    body: row.body,
    editedBy: row.edited_by,
    at: row.at.toISOString(),
    undoneBy: row.undone_by,
    undoneAt: row.undone_at?.toISOString() ?? null,
  };
}
