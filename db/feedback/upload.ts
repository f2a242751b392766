import type { Selectable } from 'kysely';
import type { FeedbackUpload } from '../../contracts/feedback.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';
import type { Database } from '../schema.ts';

/** Opens the record of a file that is coming in; again for one that is sent again. */
export async function openUpload(
  db: Db,
  upload: { id: string; project: string; format: FeedbackUpload['format']; principal: string },
): Promise<void> {
  const { id, project, format, principal } = upload;
  const fresh = { state: 'reading', rows_read: 0, accepted: 0, refused: 0, finished_at: null } as const;
  await db
    .insertInto('feedback_upload')
    .values({ id, project, format, faults: '[]', uploaded_by: principal, finished_at: null })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ ...fresh, faults: '[]' }))
    .execute();
}

export type UploadProgress = Pick<FeedbackUpload, 'state' | 'rowsRead' | 'accepted' | 'refused' | 'faults'>;

/** How far it has come. */
export async function noteUpload(
  db: Db,
  { project, id }: { project: string; id: string },
  progress: UploadProgress,
): Promise<void> {
  const { state, rowsRead, accepted, refused, faults } = progress;
  await db
    .updateTable('feedback_upload')
    .set({
      ...{ state, rows_read: rowsRead, accepted, refused, faults: JSON.stringify(faults) },
      finished_at: state === 'reading' ? null : new Date(),
    })
    .where('project', '=', project)
    .where('id', '=', id)
    .execute();
}

export async function requireUpload(db: Db, project: string, id: string): Promise<FeedbackUpload> {
  const row = await db
    .selectFrom('feedback_upload')
    .selectAll()
    .where('project', '=', project)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new OpsError('not-found', `there is no upload ${id}`);
  return toUpload(row);
}

/** Newest first. */
export async function listUploads(
  db: Db,
  project: string,
  page: { before: string | null; limit: number },
): Promise<FeedbackUpload[]> {
  let query = db.selectFrom('feedback_upload').selectAll().where('project', '=', project);
  if (page.before !== null) query = query.where('id', '<', page.before);
  return (await query.orderBy('id', 'desc').limit(page.limit).execute()).map(toUpload);
}

function toUpload(row: Selectable<Database['feedback_upload']>): FeedbackUpload {
  return {
    id: row.id,
    format: row.format,
    state: row.state,
    rowsRead: row.rows_read,
    accepted: row.accepted,
    refused: row.refused,
    faults: row.faults,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}
