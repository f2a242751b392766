import { sql } from 'kysely';
import type { ConfigRevisionDetail } from '../../contracts/config-revision.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';

export interface RevisionName {
  readonly project: string;
  readonly environment: string;
  readonly revision: string;
}

export async function findRevision(db: Db, name: RevisionName): Promise<ConfigRevisionDetail | null> {
  const row = await db
    .selectFrom('config_revision as r')
    .innerJoin('config_environment as e', (join) =>
      join.onRef('e.project', '=', 'r.project').onRef('e.name', '=', 'r.environment'),
    )
    .leftJoin('config_order as live', (join) =>
      join
        .onRef('live.project', '=', 'e.project')
        .onRef('live.environment', '=', 'e.name')
        .onRef('live.sequence', '=', 'e.live_sequence'),
    )
    .select(['r.project', 'r.environment', 'r.revision', 'r.parent', 'r.author', 'r.reason'])
    .select(['r.schema_version', 'r.created_at', 'r.document', 'r.rendered'])
    .select(sql<boolean>`r.revision is not distinct from e.head`.as('isHead'))
    .select(sql<boolean>`r.revision is not distinct from live.revision`.as('isLive'))
    .where('r.project', '=', name.project)
    .where('r.environment', '=', name.environment)
    .where('r.revision', '=', name.revision)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { schema_version: schemaVersion, created_at: createdAt, ...rest } = row;
  return { ...rest, schemaVersion, createdAt: createdAt.toISOString() };
}

export async function requireRevision(db: Db, name: RevisionName): Promise<ConfigRevisionDetail> {
  const revision = await findRevision(db, name);
  if (revision !== null) return revision;
  throw new OpsError(
    'not-found',
    `the environment ${name.environment} has no revision ${name.revision}; see: holdfast config history --env ${name.environment}`,
  );
}

/** What was last put; null: nothing yet. */
export async function findHead(
  db: Db,
  project: string,
  environment: string,
): Promise<ConfigRevisionDetail | null> {
  const row = await db
    .selectFrom('config_environment')
    .select('head')
    .where('project', '=', project)
    .where('name', '=', environment)
    .executeTakeFirst();
  const head = row?.head ?? null;
  return head === null ? null : findRevision(db, { project, environment, revision: head });
}

export async function requireHead(
  db: Db,
  project: string,
  environment: string,
): Promise<ConfigRevisionDetail> {
  const head = await findHead(db, project, environment);
  if (head !== null) return head;
  throw new OpsError(
    'not-found',
    `the environment ${environment} has no configuration yet; write it: holdfast config put FILE --env ${environment}`,
  );
}
