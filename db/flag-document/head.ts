import { sql } from 'kysely';
import type { FlagDocument } from '../../contracts/flag-document.ts';
import { audit } from '../audit.ts';
import { lockEnvironment } from '../config-document/lock-environment.ts';
import type { Db } from '../connect.ts';

export interface FlagHead {
  readonly revision: string;
  readonly document: FlagDocument;
}

/** The flags that are evaluated; null: nobody has put any. */
export async function findFlags(db: Db, project: string, environment: string): Promise<FlagHead | null> {
  const row = await db
    .selectFrom('flag_head as h')
    .innerJoin('flag_revision as r', (join) =>
      join
        .onRef('r.project', '=', 'h.project')
        .onRef('r.environment', '=', 'h.environment')
        .onRef('r.revision', '=', 'h.revision'),
    )
    .select(['r.revision', 'r.document'])
    .where('h.project', '=', project)
    .where('r.project', '=', project)
    .where('h.environment', '=', environment)
    .executeTakeFirst();
  return row ?? null;
}

export interface FlagChange extends FlagHead {
  readonly project: string;
  readonly environment: string;
  readonly principal: string;
  /** Sees the head that would be replaced while nobody else can move it; throws to refuse. */
  readonly allow: (head: string | null) => void;
}

/** Makes flags those of their environment, which is made if there is none. The same again changes nothing. */
export async function putFlags(db: Db, change: FlagChange): Promise<void> {
  const { project, environment, revision, principal } = change;
  await db.transaction().execute(async (tx) => {
    await lockEnvironment(tx, project, environment);
    const parent = await headOf(tx, project, environment);
    if (parent === revision) return;
    change.allow(parent);
    await insertRevision(tx, change, parent);
    await tx
      .insertInto('flag_head')
      .values({ project, environment, revision, moved_by: principal })
      .onConflict((conflict) =>
        conflict
          .columns(['project', 'environment'])
          .doUpdateSet({ revision, moved_by: principal, moved_at: sql<Date>`now()` }),
      )
      .execute();
    await audit(tx, {
      ...{ project, principal, action: 'flags.put', subject: environment, operationId: null },
      detail: { revision, parent },
    });
  });
}

async function headOf(tx: Db, project: string, environment: string): Promise<string | null> {
  const row = await tx
    .selectFrom('flag_head')
    .select('revision')
    .where('project', '=', project)
    .where('environment', '=', environment)
    .executeTakeFirst();
  return row?.revision ?? null;
}

async function insertRevision(tx: Db, change: FlagChange, parent: string | null): Promise<void> {
  const { project, environment, revision, principal: author, document } = change;
  await tx
    .insertInto('flag_revision')
    .values({ project, environment, revision, parent, author, document: JSON.stringify(document) })
    .onConflict((conflict) => conflict.columns(['project', 'environment', 'revision']).doNothing())
    .execute();
}
