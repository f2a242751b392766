import type { Feedback, FeedbackEdit } from '../../contracts/feedback.ts';
import { OpsError } from '../../domain/errors.ts';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';
import { toFeedback } from './item.ts';
import { contentHash } from './kept-report.ts';

export interface EditRequest {
  readonly project: string;
  readonly id: string;
  /** Redacted already. */
  readonly edit: FeedbackEdit;
  readonly principal: string;
  /** Sees the item while nobody else can change it; throws to refuse. */
  readonly allow: (old: Feedback) => void;
}

/** Corrects an item; what is compared anew is clustered again. It holds until its source tells a newer version. */
export async function editFeedback(
  db: Db,
  { project, id, edit, principal, allow }: EditRequest,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await tx
      .selectFrom('feedback_item')
      .selectAll()
      .where('project', '=', project)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) throw new OpsError('not-found', `there is no feedback ${id}`);
    allow(toFeedback(row));
    const hash = contentHash(edit);
    const isToCluster = hash !== row.content_hash || (row.status === 'closed' && edit.status === 'open');
    await tx
      .updateTable('feedback_item')
      .set({
        ...{ title: edit.title, body: edit.body, status: edit.status, labels: JSON.stringify(edit.labels) },
        content_hash: hash,
        ...(isToCluster ? { ...again, revision: row.revision + 1 } : {}),
      })
      .where('id', '=', id)
      .execute();
    await tx
      .insertInto('feedback_told')
      .values({ project, item_id: id })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const action = 'feedback.edit';
    await audit(tx, { project, principal, action, subject: id, operationId: null, detail: {} });
  });
}

/** Gives a quarantined item another try. Throws `conflict` for one that is not. */
export async function retryFeedback(db: Db, project: string, id: string, principal: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('feedback_item')
      .set(again)
      .where('project', '=', project)
      .where('id', '=', id)
      .where('clustering', '=', 'quarantined')
      .executeTakeFirst();
    if (numUpdatedRows === 0n)
      throw new OpsError('conflict', `the feedback ${id} is not quarantined: there is nothing to retry`);
    const action = 'feedback.retry';
    await audit(tx, { project, principal, action, subject: id, operationId: null, detail: {} });
  });
}

const again = { clustering: 'pending', tries: 0, fault: null, retry_at: null } as const;
