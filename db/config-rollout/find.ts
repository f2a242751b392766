import { sql } from 'kysely';
import type { ConfigRollout, ConfigRolloutOutcome } from '../../contracts/config-rollout.ts';
import type { OperationStatus } from '../../contracts/operation.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';

export interface ConfigRolloutFilter {
  readonly environment?: string;
  readonly status?: OperationStatus;
  /** Only rollouts older than this id. */
  readonly before: string | null;
  readonly limit: number;
}

/** Newest first, as last kept in Postgres. */
export async function listConfigRollouts(
  db: Db,
  project: string,
  filter: ConfigRolloutFilter,
): Promise<ConfigRollout[]> {
  let query = rollouts(db, project);
  if (filter.environment !== undefined) query = query.where('r.environment', '=', filter.environment);
  if (filter.status !== undefined) query = query.where('o.status', '=', filter.status);
  if (filter.before !== null) query = query.where('o.id', '<', filter.before);
  return (await query.orderBy('o.id', 'desc').limit(filter.limit).execute()).map(toRollout);
}

export async function findConfigRollout(db: Db, project: string, id: string): Promise<ConfigRollout | null> {
  const row = await rollouts(db, project).where('o.id', '=', id).executeTakeFirst();
  return row === undefined ? null : toRollout(row);
}

export async function requireConfigRollout(db: Db, project: string, id: string): Promise<ConfigRollout> {
  const rollout = await findConfigRollout(db, project, id);
  if (rollout === null) throw new OpsError('not-found', `there is no config rollout ${id}`);
  return rollout;
}

/** The rollout or rollback that holds an environment now, or null. */
export async function findOpenConfigRollout(
  db: Db,
  project: string,
  environment: string,
): Promise<ConfigRollout | null> {
  const row = await rollouts(db, project)
    .where('r.environment', '=', environment)
    .where('o.status', '<>', 'closed')
    .executeTakeFirst();
  return row === undefined ? null : toRollout(row);
}

function rollouts(db: Db, project: string) {
  return db
    .selectFrom('operation as o')
    .innerJoin('config_rollout as r', 'r.operation_id', 'o.id')
    .leftJoin('config_order as b', (join) =>
      join
        .onRef('b.project', '=', 'r.project')
        .onRef('b.environment', '=', 'r.environment')
        .onRef('b.sequence', '=', 'r.base_sequence'),
    )
    .select(['o.id', 'o.project', 'o.status', 'o.outcome', 'o.started_by', 'o.created_at', 'o.finished_at'])
    .select(['r.environment', 'r.mode', 'r.revision', 'r.plan', 'r.state', 'b.revision as base'])
    .select(
      sql<Record<string, number>>`coalesce((select jsonb_object_agg(wave, proxies) from (
        select wave, count(*) as proxies from config_rollout_proxy m where m.operation_id = o.id group by wave
      ) each), '{}')`.as('waves'),
    )
    .where('o.project', '=', project);
}

type RolloutRow = Awaited<ReturnType<ReturnType<typeof rollouts>['execute']>>[number];

function toRollout(row: RolloutRow): ConfigRollout {
  return {
    id: row.id,
    project: row.project,
    environment: row.environment,
    kind: row.mode,
    revision: row.revision,
    base: row.base,
    status: row.status,
    plan: row.plan,
    waves: row.plan.waves.map((_, wave) => row.waves[wave] ?? 0),
    state: row.status === 'closed' ? ended(row) : row.state,
    live: false,
    startedBy: row.started_by,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}

/** How the operation ended counts: one that was terminated had no time to say so. */
function ended({ state, outcome }: RolloutRow): ConfigRollout['state'] {
  const known = (outcome as ConfigRolloutOutcome | null) ?? state.outcome;
  return { ...state, phase: 'done', gate: null, waitingFor: null, outcome: known };
}
