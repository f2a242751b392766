import type { CanaryOutcome, CanaryRollout } from '../../contracts/canary-rollout.ts';
import type { OperationStatus } from '../../contracts/operation.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';

export interface RolloutFilter {
  readonly service?: string;
  readonly status?: OperationStatus;
  /** Only rollouts older than this id. */
  readonly before: string | null;
  readonly limit: number;
}

/** Newest first, as last kept in Postgres. */
export async function listRollouts(db: Db, project: string, filter: RolloutFilter): Promise<CanaryRollout[]> {
  let query = rollouts(db, project);
  if (filter.service !== undefined) query = query.where('canary_rollout.service', '=', filter.service);
  if (filter.status !== undefined) query = query.where('operation.status', '=', filter.status);
  if (filter.before !== null) query = query.where('operation.id', '<', filter.before);
  const rows = await query.orderBy('operation.id', 'desc').limit(filter.limit).execute();
  return rows.map(toRollout);
}

export async function findRollout(db: Db, project: string, id: string): Promise<CanaryRollout | null> {
  const row = await rollouts(db, project).where('operation.id', '=', id).executeTakeFirst();
  return row === undefined ? null : toRollout(row);
}

export async function requireRollout(db: Db, project: string, id: string): Promise<CanaryRollout> {
  const rollout = await findRollout(db, project, id);
  if (rollout === null) throw new OpsError('not-found', `there is no canary rollout ${id}`);
  return rollout;
}

/** The rollout or rollback that holds a service now, or null. */
export async function findOpenRollout(
  db: Db,
  project: string,
  service: string,
): Promise<CanaryRollout | null> {
  const row = await rollouts(db, project)
    .where('canary_rollout.service', '=', service)
    .where('operation.status', '<>', 'closed')
    .executeTakeFirst();
  return row === undefined ? null : toRollout(row);
}

function rollouts(db: Db, project: string) {
  return db
    .selectFrom('operation')
    .innerJoin('canary_rollout', 'canary_rollout.operation_id', 'operation.id')
    .select([
      'operation.id',
      'operation.status',
      'operation.outcome',
      'operation.started_by',
      'operation.created_at',
      'operation.finished_at',
      'canary_rollout.service',
      'canary_rollout.version',
      'canary_rollout.stable_version',
      'canary_rollout.mode',
      'canary_rollout.plan',
      'canary_rollout.state',
      'canary_rollout.config',
      'operation.project',
    ])
    .where('operation.project', '=', project);
}

type RolloutRow = Awaited<ReturnType<ReturnType<typeof rollouts>['execute']>>[number];

function toRollout(row: RolloutRow): CanaryRollout {
  return {
    id: row.id,
    project: row.project,
    service: row.service,
    version: row.version,
    stableVersion: row.stable_version,
    kind: row.mode,
    status: row.status,
    plan: row.plan,
    state: row.status === 'closed' ? ended(row) : row.state,
    live: false,
    startedBy: row.started_by,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    ...(row.config === null ? {} : { config: row.config }),
  };
}

/** How the operation ended counts: a rollback keeps no state, and one that was terminated had no time to. */
function ended({ state, outcome }: RolloutRow): CanaryRollout['state'] {
  return {
    ...state,
    phase: 'done',
    gate: null,
    waitingFor: null,
    outcome: (outcome as CanaryOutcome | null) ?? state.outcome,
  };
}
