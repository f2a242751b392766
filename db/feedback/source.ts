import { sql, type Selectable } from 'kysely';
import type { FeedbackSource, FeedbackSourceList } from '../../contracts/feedback-source.ts';
import { OpsError } from '../../domain/errors.ts';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';
import type { Database } from '../schema.ts';
import { sourceStats } from './source-stats.ts';

export type SourceSpec = Pick<
  FeedbackSource,
  'kind' | 'enabled' | 'secret' | 'settings' | 'filter' | 'dailyQuota'
>;

const mostSources = 200;

/** What a delivery is measured by; null where there is no such source. */
export async function findSource(db: Db, project: string, name: string): Promise<SourceSpec | null> {
  const { rows } = await sql<Selectable<Database['feedback_source']>>`/* prepared */
    select * from feedback_source where project = ${project}::text and name = ${name}::text`.execute(db);
  return rows[0] === undefined ? null : ofRow(rows[0]);
}

/** By name, in alphabetical order; a project has few. */
export async function listSources(db: Db, project: string): Promise<FeedbackSourceList> {
  const rows = await db
    .selectFrom('feedback_source')
    .selectAll()
    .where('project', '=', project)
    .orderBy('name')
    .execute();
  const stats = await sourceStats(db, project);
  const known = new Set(rows.map(({ name }) => name));
  const others = stats.names.filter((name) => !known.has(name));
  return {
    items: rows.map((row) => toSource(row, stats.of(row.name))),
    others: others.map((name) => ({ name, stats: stats.of(name) })),
  };
}

export async function requireSource(db: Db, project: string, name: string): Promise<FeedbackSource> {
  const row = await source(db, project, name).executeTakeFirst();
  if (row === undefined) throw new OpsError('not-found', `there is no feedback source ${name}`);
  return toSource(row, (await sourceStats(db, project, name)).of(name));
}

export interface SourceChange {
  readonly project: string;
  readonly name: string;
  readonly spec: SourceSpec;
  readonly principal: string;
  /** Sees what would be replaced, null for a new source, while nobody else can change it; throws to refuse. */
  readonly allow: (old: SourceSpec | null) => void;
}

/** Adds the source or replaces it. How far a poller has read stays, so that nothing is read twice. Answers whether it is new. */
export async function putSource(db: Db, change: SourceChange): Promise<boolean> {
  const { project, name, spec, principal } = change;
  return db.transaction().execute(async (tx) => {
    // One at a time in a project: the limit and the check of the old content hold also for sources that are not there yet.
    await tx.selectFrom('project').select('id').where('id', '=', project).forUpdate().execute();
    const old = await source(tx, project, name).executeTakeFirst();
    change.allow(old === undefined ? null : ofRow(old));
    if (old === undefined) await refuseTooMany(tx, project);
    const values = {
      ...{ kind: spec.kind, enabled: spec.enabled, secret: spec.secret, daily_quota: spec.dailyQuota },
      settings: JSON.stringify(spec.settings),
      filter: JSON.stringify(spec.filter),
    };
    await tx
      .insertInto('feedback_source')
      .values({ project, name, last_error: null, last_read_at: null, ...values })
      .onConflict((conflict) =>
        conflict
          .columns(['project', 'name'])
          .doUpdateSet(old?.kind === spec.kind ? values : { ...values, cursor: null, last_error: null }),
      )
      .execute();
    const action = old === undefined ? 'feedback-source.add' : 'feedback-source.replace';
    await audit(tx, { project, principal, action, subject: name, operationId: null, detail: { ...spec } });
    return old === undefined;
  });
}

async function refuseTooMany(tx: Db, project: string): Promise<void> {
  const { count } = await tx
    .selectFrom('feedback_source')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('project', '=', project)
    .executeTakeFirstOrThrow();
  if (count < mostSources) return;
  throw new OpsError('conflict', `a project has at most ${mostSources} feedback sources; remove one first`);
}

/** Removes the source; what came from it stays. */
export async function removeSource(db: Db, project: string, name: string, principal: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { numDeletedRows } = await tx
      .deleteFrom('feedback_source')
      .where('project', '=', project)
      .where('name', '=', name)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw new OpsError('not-found', `there is no feedback source ${name}`);
    const action = 'feedback-source.remove';
    await audit(tx, { project, principal, action, subject: name, operationId: null, detail: {} });
  });
}

/** What people edit: the content without what the installation adds. */
export function specOf({ kind, enabled, secret, settings, filter, dailyQuota }: SourceSpec): SourceSpec {
  return { kind, enabled, secret, settings, filter, dailyQuota };
}

function source(db: Db, project: string, name: string) {
  return db.selectFrom('feedback_source').selectAll().where('project', '=', project).where('name', '=', name);
}

type Row = Selectable<Database['feedback_source']>;

function toSource(row: Row, stats: FeedbackSource['stats']): FeedbackSource {
  return {
    name: row.name,
    ...ofRow(row),
    lastReadAt: row.last_read_at?.toISOString() ?? null,
    lastError: row.last_error,
    createdAt: row.created_at.toISOString(),
    stats,
  };
}

function ofRow(row: Row): SourceSpec {
  return {
    kind: row.kind as FeedbackSource['kind'],
    enabled: row.enabled,
    secret: row.secret,
    settings: row.settings,
    filter: row.filter,
    dailyQuota: row.daily_quota,
  };
}
