import { sql } from 'kysely';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';
import { lockEnvironment } from './lock-environment.ts';

export interface HeadChange {
  readonly project: string;
  readonly environment: string;
  readonly revision: string;
  readonly schemaVersion: number;
  readonly document: object;
  readonly rendered: string;
  readonly principal: string;
  readonly reason: string;
  /** Sees the head that would be replaced while nobody else can move it; throws to refuse. */
  readonly allow: (head: string | null) => void;
}

/**
 * Makes a document the head of its environment, which is made if there is none. A revision is written once: one that was here before keeps
 * its author and what it rendered to. Putting the head again changes nothing, so a request whose answer was lost may be repeated.
 */
export async function putHead(db: Db, change: HeadChange): Promise<void> {
  const { project, environment, revision, principal } = change;
  await db.transaction().execute(async (tx) => {
    const { head } = await lockEnvironment(tx, project, environment);
    if (head === revision) return;
    change.allow(head);
    await insertRevision(tx, change, head);
    await moveHead(tx, change, head);
    await audit(tx, {
      ...{ project, principal, action: 'config.put', subject: environment, operationId: null },
      detail: { revision, parent: head },
      personal: { reason: change.reason },
    });
  });
}

async function insertRevision(tx: Db, change: HeadChange, parent: string | null): Promise<void> {
  const { project, environment, revision, principal: author, reason, rendered } = change;
  await tx
    .insertInto('config_revision')
    .values({
      ...{ project, environment, revision, parent, author, reason, rendered },
      schema_version: change.schemaVersion,
      document: JSON.stringify(change.document),
    })
    .onConflict((conflict) => conflict.columns(['project', 'environment', 'revision']).doNothing())
    .execute();
}

async function moveHead(tx: Db, change: HeadChange, parent: string | null): Promise<void> {
  const { project, environment, revision, principal, reason } = change;
  await sql`
    insert into config_head_move (project, environment, seq, revision, parent, author, reason)
    select ${project}::text, ${environment}::text, coalesce(max(seq), 0) + 1, ${revision}::text, ${parent}::text,
      ${principal}::text, ${reason}::text
    from config_head_move where project = ${project} and environment = ${environment}`.execute(tx);
  await tx
    .updateTable('config_environment')
    .set({ head: revision })
    .where('project', '=', project)
    .where('name', '=', environment)
    .execute();
}
