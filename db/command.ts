import { sql, type Selectable } from 'kysely';
import type { CanaryCommand } from '../contracts/canary-rollout.ts';
import { parseDuration } from '../domain/duration.ts';
import { OpsError } from '../domain/errors.ts';
import { audit, auditedFromTarget, type AuditEntry } from './audit.ts';
import type { Db } from './connect.ts';
import { violatedUnique } from './failures.ts';
import type { Database } from './schema.ts';

export interface NewCommand {
  readonly id: string;
  readonly operationId: string;
  readonly project: string;
  /** What the operation acts on, such as the service. */
  readonly target: string;
  readonly kind: string;
  /** The kind of the operation; left out: canary-rollout. */
  readonly capability?: string;
  /** What was asked beside the kind: revision, step, reason, metric, expiresIn, cause. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly principal: string;
  readonly key: string;
  readonly fingerprint: string;
}

/**
 * Writes command, audit entry and idempotency key in one statement. Answers false, with nothing written, when the operation is
 * not open or the key was used before.
 */
export async function insertCommand(db: Db, command: NewCommand): Promise<boolean> {
  const { id, operationId, project, kind, body, principal, key, fingerprint } = command;
  const json = JSON.stringify(body);
  try {
    const { rows } = await sql<{ id: string }>`/* prepared */ with target as (
      select o.id, o.project, o.target from operation o
      where o.id = ${operationId}::text and o.project = ${project}::text and o.target = ${command.target}::text
        and o.status <> 'closed'
    ), kept as (
      insert into idempotency_key (project, key, fingerprint, resource_id)
      select project, ${key}::text, ${fingerprint}::text, ${id}::text from target
    ), asked as (
      insert into command (id, operation_id, project, kind, body, requested_by)
      select ${id}::text, id, project, ${kind}::text, ${json}::jsonb, ${principal}::text from target
      returning id
    ), ${auditedFromTarget(auditEntry(command))}
    select id from asked`.execute(db);
    return rows.length > 0;
  } catch (error) {
    if (violatedUnique(error) === 'idempotency_key_pkey') return false;
    throw error;
  }
}

function auditEntry(command: NewCommand): AuditEntry {
  const { operationId, project, target, kind, body, principal, capability = 'canary-rollout' } = command;
  const { reason, ...detail } = body;
  return {
    project,
    principal,
    action: `${capability}.${kind}`,
    subject: target,
    operationId,
    detail,
    personal: { reason: typeof reason === 'string' ? reason : null },
  };
}

/** A recorded command as the workflow needs it, or null when there is none for this operation. */
export async function readCommand(db: Db, operationId: string, commandId: string) {
  const row = await db
    .selectFrom('command')
    .select(['id', 'kind', 'body', 'state', 'answer', 'requested_by'])
    .where('id', '=', commandId)
    .where('operation_id', '=', operationId)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { body } = row;
  return {
    id: row.id,
    kind: row.kind,
    revision: Number(body['revision'] ?? -1),
    step: Number(body['step'] ?? -2),
    by: row.requested_by,
    reason: textOrNull(body['reason']),
    metric: textOrNull(body['metric']),
    expiresInMs: typeof body['expiresIn'] === 'string' ? parseDuration(body['expiresIn']) : null,
    cause: textOrNull(body['cause']),
    state: row.state,
    answer: row.answer,
  };
}

/** Settles a command once; a repetition answers what was settled first. */
export async function settleCommand(
  db: Db,
  settled: { operationId: string; commandId: string; state: 'accepted' | 'refused'; answer: string },
): Promise<{ state: 'accepted' | 'refused'; answer: string }> {
  await db.transaction().execute((tx) => settleInside(tx, settled));
  const { state, answer } = settled;
  return { state, answer };
}

/** The same within the caller's transaction. */
export async function settleInside(
  tx: Db,
  settled: { operationId: string; commandId: string; state: 'accepted' | 'refused'; answer: string },
): Promise<void> {
  const { operationId, commandId, state, answer } = settled;
  const command = await tx
    .updateTable('command')
    .set({ state, answer, settled_at: new Date() })
    .where('id', '=', commandId)
    .where('operation_id', '=', operationId)
    .where('state', '=', 'pending')
    .returning(['project', 'kind'])
    .executeTakeFirst();
  if (command === undefined) return;
  await audit(tx, {
    project: command.project,
    principal: 'holdfast',
    action: `command.${state}`,
    subject: commandId,
    operationId,
    detail: { kind: command.kind },
    personal: { answer },
  });
}

export async function requireCommand(
  db: Db,
  project: string,
  operationId: string,
  id: string,
): Promise<CanaryCommand> {
  const row = await db
    .selectFrom('command')
    .selectAll()
    .where('project', '=', project)
    .where('operation_id', '=', operationId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new OpsError('not-found', `the rollout ${operationId} has no command ${id}`);
  return toCommand(row);
}

function toCommand(row: Selectable<Database['command']>): CanaryCommand {
  const { reason } = row.body;
  return {
    id: row.id,
    operationId: row.operation_id,
    kind: row.kind,
    state: row.state,
    reason: typeof reason === 'string' ? reason : null,
    answer: row.answer,
    requestedBy: row.requested_by,
    createdAt: row.created_at.toISOString(),
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
