import { sql } from 'kysely';
import type { Db } from './connect.ts';

export interface ArchivedHistory {
  readonly runId: string;
  readonly state: 'kept' | 'forgotten' | 'too-large';
  readonly events: number;
  readonly bytes: number;
  readonly digest: string | null;
  readonly content: Buffer | null;
}

export interface UnarchivedOperation {
  readonly id: string;
  readonly project: string;
  readonly workflowId: string;
  readonly finishedAt: Date;
  /** Every run that spoke for it: a reset or a continued run is another one. */
  readonly runIds: readonly string[];
}

/** Closed operations whose histories are not archived yet, the oldest first. */
export async function unarchivedOperations(db: Db, limit: number): Promise<UnarchivedOperation[]> {
  const rows = await db
    .selectFrom('operation as o')
    .select(['o.id', 'o.project', 'o.workflow_id', 'o.finished_at', 'o.run_id'])
    .select((eb) =>
      eb
        .selectFrom('operation_event as e')
        .select(sql<string[]>`coalesce(array_agg(distinct e.run_id), '{}')`.as('run_ids'))
        .whereRef('e.operation_id', '=', 'o.id')
        .where('e.run_id', 'is not', null)
        .as('run_ids'),
    )
    .where('o.status', '=', 'closed')
    .where('o.archived_at', 'is', null)
    .where('o.finished_at', 'is not', null)
    .orderBy('o.finished_at')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    project: row.project,
    workflowId: row.workflow_id,
    finishedAt: row.finished_at ?? new Date(0),
    runIds: [...new Set([...(row.run_ids ?? []), ...(row.run_id === null ? [] : [row.run_id])])],
  }));
}

/** Writes all histories of an operation and notes that it is done. Repeating it changes nothing. */
export async function saveArchive(
  db: Db,
  operation: Pick<UnarchivedOperation, 'id' | 'project'>,
  histories: readonly ArchivedHistory[],
): Promise<void> {
  const { id, project } = operation;
  await db.transaction().execute(async (tx) => {
    for (const { runId, ...archived } of histories) {
      await tx
        .insertInto('operation_archive')
        .values({ operation_id: id, project, run_id: runId, ...archived })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    await tx.updateTable('operation').set({ archived_at: new Date() }).where('id', '=', id).execute();
  });
}

/** The archived histories of an operation; null while they are not archived yet. */
export async function archivedHistories(db: Db, operationId: string): Promise<ArchivedHistory[] | null> {
  const operation = await db
    .selectFrom('operation')
    .select('archived_at')
    .where('id', '=', operationId)
    .executeTakeFirst();
  if (operation?.archived_at == null) return null;
  return db
    .selectFrom('operation_archive')
    .select(['run_id as runId', 'state', 'events', 'bytes', 'digest', 'content'])
    .where('operation_id', '=', operationId)
    .orderBy('archived_at')
    .orderBy('run_id')
    .execute();
}
