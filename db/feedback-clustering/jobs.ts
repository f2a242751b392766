import { sql, type Selectable } from 'kysely';
import type { ClusterJob, ClusterJobStats } from '../../contracts/feedback-clustering.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';
import type { Database } from '../schema.ts';

export interface NewJob {
  readonly id: string;
  readonly project: string;
  readonly kind: ClusterJob['kind'];
  readonly requestedBy: string;
}

/** A job that begins now. One of the kind that a worker left behind when it died goes on. */
export async function beginJob(db: Db, { id, project, kind, requestedBy }: NewJob): Promise<string> {
  const left = await db
    .updateTable('cluster_job')
    .set({ state: 'running', started_at: sql<Date>`coalesce(started_at, now())` })
    .where('project', '=', project)
    .where('kind', '=', kind)
    .where('state', 'in', ['pending', 'running'])
    .returning('id')
    .execute();
  const [first] = left;
  if (first !== undefined) return first.id;
  await db
    .insertInto('cluster_job')
    .values({ id, project, kind, state: 'running', requested_by: requestedBy, started_at: new Date() })
    .execute();
  return id;
}

/** Asks for a job; the project's workflow does it. */
export async function requestJob(db: Db, { id, project, kind, requestedBy }: NewJob): Promise<void> {
  await db.insertInto('cluster_job').values({ id, project, kind, requested_by: requestedBy }).execute();
}

/** Ends every job of the kind that is open: who asked while one ran got that one. */
export async function endJobs(
  db: Db,
  { project, kind }: Pick<NewJob, 'project' | 'kind'>,
  end: { readonly stats: ClusterJobStats; readonly error: string | null; readonly startedBefore: Date },
): Promise<void> {
  await db
    .updateTable('cluster_job')
    .set({
      state: end.error === null ? 'succeeded' : 'failed',
      started_at: sql<Date>`coalesce(started_at, now())`,
      finished_at: sql<Date>`now()`,
      stats: JSON.stringify(end.stats),
      error: end.error,
    })
    .where('project', '=', project)
    .where('kind', '=', kind)
    .where('state', 'in', ['pending', 'running'])
    .where('created_at', '<=', end.startedBefore)
    .execute();
}

/** Whether somebody waits for everything to be clustered again. */
export async function isFullRunWanted(db: Db, project: string): Promise<boolean> {
  const row = await db
    .selectFrom('cluster_job')
    .select('id')
    .where('project', '=', project)
    .where('kind', '=', 'everything')
    .where('state', 'in', ['pending', 'running'])
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Newest first. */
export async function listJobs(
  db: Db,
  project: string,
  page: { readonly before: string | null; readonly limit: number },
): Promise<ClusterJob[]> {
  const rows = await db
    .selectFrom('cluster_job')
    .selectAll()
    .where('project', '=', project)
    .$if(page.before !== null, (query) => query.where('id', '<', page.before ?? ''))
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map(toJob);
}

export async function requireJob(db: Db, project: string, id: string): Promise<ClusterJob> {
  const row = await db
    .selectFrom('cluster_job')
    .selectAll()
    .where('project', '=', project)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new OpsError('not-found', `project ${project} has no cluster job ${id}`);
  return toJob(row);
}

function toJob(row: Selectable<Database['cluster_job']>): ClusterJob {
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    requestedBy: row.requested_by,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
    stats: { ...noStats, ...row.stats },
    error: row.error,
  };
}

export const noStats: ClusterJobStats = {
  clustered: 0,
  new_clusters: 0,
  updated_clusters: 0,
  embedding_failures: 0,
};
