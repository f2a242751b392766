import type { Db } from '../connect.ts';

/** An operation that waits for its start, in the shape `workflows/canary-rollout/start-options.ts` takes; undefined once closed. */
export async function recordedRollout(db: Db, operationId: string) {
  const row = await db
    .selectFrom('operation as o')
    .innerJoin('canary_rollout as r', 'r.operation_id', 'o.id')
    .select([
      'o.workflow_id',
      'o.started_by',
      'o.summary',
      'r.project',
      'r.service',
      'r.version',
      'r.stable_version',
      'r.mode',
      'r.plan',
      'r.state',
      'r.config',
    ])
    .where('o.id', '=', operationId)
    .where('o.status', '!=', 'closed')
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    operationId,
    workflowId: row.workflow_id,
    project: row.project,
    service: row.service,
    version: row.version,
    stableVersion: row.stable_version,
    mode: row.mode,
    plan: row.plan,
    startedBy: row.started_by,
    reason: row.state.reason,
    ...(row.config === null ? {} : { config: row.config }),
  };
}
