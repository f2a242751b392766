import type { ConfigDocument } from '../../contracts/config-document.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';

export interface RevisionKey {
  readonly project: string;
  readonly environment: string;
  readonly revision: string;
}

/** The document of a revision, which was checked when it was written. Throws `not-found`. */
export async function readDocument(
  db: Db,
  { project, environment, revision }: RevisionKey,
): Promise<ConfigDocument> {
  const row = await db
    .selectFrom('config_revision')
    .select('document')
    .where('project', '=', project)
    .where('environment', '=', environment)
    .where('revision', '=', revision)
    .executeTakeFirst();
  if (row !== undefined) return row.document as unknown as ConfigDocument;
  throw new OpsError('not-found', `the environment ${environment} has no revision ${revision}`);
}
