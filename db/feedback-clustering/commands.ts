import type { ClusterCommand } from '../../contracts/feedback-clustering.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';

export interface PendingCommand {
  readonly id: string;
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly by: string;
}

/** Commands of an operation that nobody has carried out yet, in the order in which they were given. */
export async function pendingOf(db: Db, operationId: string): Promise<PendingCommand[]> {
  const rows = await db
    .selectFrom('command')
    .select(['id', 'kind', 'body', 'requested_by as by'])
    .where('operation_id', '=', operationId)
    .where('state', '=', 'pending')
    .orderBy('created_at')
    .orderBy('id')
    .limit(100)
    .execute();
  return rows;
}

export interface CommandAnswer {
  readonly id: string;
  readonly state: 'accepted' | 'refused';
  readonly answer: string;
}

/** What became of these commands; one that is not recorded for the operation is refused. */
export async function answersTo(
  db: Db,
  operationId: string,
  ids: readonly string[],
): Promise<CommandAnswer[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('command')
    .select(['id', 'state', 'answer'])
    .where('operation_id', '=', operationId)
    .where('id', 'in', [...ids])
    .execute();
  const known = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = known.get(id);
    if (row === undefined)
      return [{ id, state: 'refused' as const, answer: 'no such command was recorded for this operation' }];
    return row.state === 'pending' ? [] : [{ id, state: row.state, answer: row.answer ?? '' }];
  });
}

export async function requireClusterCommand(db: Db, project: string, id: string): Promise<ClusterCommand> {
  const row = await db
    .selectFrom('command as c')
    .innerJoin('operation as o', 'o.id', 'c.operation_id')
    .select(['c.id', 'c.kind', 'c.state', 'c.answer', 'c.requested_by', 'c.created_at'])
    .where('c.project', '=', project)
    .where('o.kind', '=', 'feedback-clustering')
    .where('c.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new OpsError('not-found', `project ${project} has no cluster command ${id}`);
  const { requested_by: requestedBy, created_at: createdAt, ...rest } = row;
  return { ...rest, requestedBy, createdAt: createdAt.toISOString() };
}
