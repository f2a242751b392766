import type { Selectable } from 'kysely';
import type { Operation, OperationEvent, OperationStatus } from '../contracts/operation.ts';
import type { Db } from './connect.ts';
import type { Database } from './schema.ts';

export interface OperationFilter {
  readonly kind?: string;
  readonly status?: OperationStatus;
  readonly target?: string;
  /** Only operations older than this id. */
  readonly before: string | null;
  readonly limit: number;
}

/** Newest first. */
export async function listOperations(db: Db, project: string, filter: OperationFilter): Promise<Operation[]> {
  let query = db.selectFrom('operation').selectAll().where('project', '=', project);
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind);
  if (filter.status !== undefined) query = query.where('status', '=', filter.status);
  if (filter.target !== undefined) query = query.where('target', '=', filter.target);
  if (filter.before !== null) query = query.where('id', '<', filter.before);
  const rows = await query.orderBy('id', 'desc').limit(filter.limit).execute();
  return rows.map(toOperation);
}

export async function findOperation(db: Db, project: string, id: string): Promise<Operation | null> {
  const row = await db
    .selectFrom('operation')
    .selectAll()
    .where('project', '=', project)
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? null : toOperation(row);
}

/** Events after a sequence number, in order. */
export async function listEvents(
  db: Db,
  operationId: string,
  after: number,
  limit: number,
): Promise<OperationEvent[]> {
  const rows = await db
    .selectFrom('operation_event')
    .selectAll()
    .where('operation_id', '=', operationId)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    operationId: row.operation_id,
    seq: row.seq,
    at: row.at.toISOString(),
    type: row.type,
    summary: row.summary,
    detail: row.detail,
  }));
}

export interface OperationCount {
  readonly kind: string;
  readonly status: string;
  readonly outcome: string;
  readonly count: number;
}

/** How many operations of each kind are in each status, for the metrics; null: of every project together. */
export async function countOperations(db: Db, project: string | null): Promise<OperationCount[]> {
  const rows = await db
    .selectFrom('operation')
    .$if(project !== null, (query) => query.where('project', '=', project))
    .select(['kind', 'status', 'outcome', (select) => select.fn.countAll<number>().as('count')])
    .groupBy(['kind', 'status', 'outcome'])
    .execute();
  return rows.map((row) => ({ ...row, outcome: row.outcome ?? '', count: Number(row.count) }));
}

function toOperation(row: Selectable<Database['operation']>): Operation {
  return {
    id: row.id,
    project: row.project,
    kind: row.kind,
    target: row.target,
    status: row.status,
    phase: row.phase,
    outcome: row.outcome,
    summary: row.summary,
    stuck: row.stuck,
    startedBy: row.started_by,
    workflowId: row.workflow_id,
    approvalAttempts: row.approval_attempts,
    glassBrokenBy: row.glass_broken_by,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}
