import type { ConfigPlan } from '../../contracts/config-plan.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';

/** What the hands need to know of a rollout, read fresh for each effect. */
export interface ConfigRolloutFacts {
  readonly operationId: string;
  readonly project: string;
  readonly environment: string;
  readonly mode: 'rollout' | 'rollback';
  readonly revision: string;
  /** The order that was live when it started, and its revision; null: none was. */
  readonly baseSequence: number | null;
  readonly base: string | null;
  readonly plan: ConfigPlan;
  readonly ignoreFreeze: boolean;
  readonly startedBy: string;
  readonly status: 'starting' | 'running' | 'closed';
  readonly workflowId: string;
  readonly reason: string | null;
}

/** Throws `not-found` when the operation is no config rollout. */
export async function configRolloutFacts(db: Db, operationId: string): Promise<ConfigRolloutFacts> {
  const row = await db
    .selectFrom('config_rollout as r')
    .innerJoin('operation as o', 'o.id', 'r.operation_id')
    .leftJoin('config_order as b', (join) =>
      join
        .onRef('b.project', '=', 'r.project')
        .onRef('b.environment', '=', 'r.environment')
        .onRef('b.sequence', '=', 'r.base_sequence'),
    )
    .selectAll('r')
    .select(['o.status', 'o.started_by', 'o.workflow_id', 'b.revision as base'])
    .where('r.operation_id', '=', operationId)
    .executeTakeFirst();
  if (row === undefined) throw new OpsError('not-found', `no config rollout ${operationId}`);
  return {
    operationId,
    project: row.project,
    environment: row.environment,
    mode: row.mode,
    revision: row.revision,
    baseSequence: row.base_sequence,
    base: row.base,
    plan: row.plan,
    ignoreFreeze: row.ignore_freeze,
    startedBy: row.started_by,
    status: row.status,
    workflowId: row.workflow_id,
    reason: row.state.reason,
  };
}

/** For steps forward. Throws `conflict` when the operation has ended: its run was reset after the end. */
export async function openConfigRolloutFacts(db: Db, operationId: string): Promise<ConfigRolloutFacts> {
  const facts = await configRolloutFacts(db, operationId);
  if (facts.status === 'closed') throw new OpsError('conflict', `the operation ${operationId} has ended`);
  return facts;
}
