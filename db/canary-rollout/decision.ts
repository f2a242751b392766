import { sql, type Selectable } from 'kysely';
import type { CanaryDecision } from '../../contracts/canary-rollout.ts';
import { OpsError } from '../../domain/errors.ts';
import { auditedFromTarget, type AuditEntry } from '../audit.ts';
import type { Db } from '../connect.ts';
import { violatedUnique } from '../failures.ts';
import type { Database } from '../schema.ts';

export interface NewDecision {
  readonly id: string;
  readonly operationId: string;
  readonly project: string;
  /** The service. */
  readonly target: string;
  readonly subject: string;
  readonly decision: 'approve' | 'reject';
  readonly reason: string | null;
  readonly principal: string;
  readonly key: string;
  readonly fingerprint: string;
}

/** Why nothing was written: the rollout is closed or unknown, the key was used before, the gate was answered before. */
export type DecisionRefusal = 'closed' | 'repeated' | 'decided';

/** Writes decision, audit entry and idempotency key in one statement. Answers null when it is written. */
export async function insertDecision(db: Db, decision: NewDecision): Promise<DecisionRefusal | null> {
  const { id, operationId, project, subject, reason, principal, key, fingerprint } = decision;
  try {
    const { rows } = await sql`with target as (
      select o.id, o.project, o.target from operation o
      where o.id = ${operationId}::text and o.project = ${project}::text and o.target = ${decision.target}::text
        and o.status <> 'closed'
    ), kept as (
      insert into idempotency_key (project, key, fingerprint, resource_id)
      select project, ${key}::text, ${fingerprint}::text, ${id}::text from target
    ), decided as (
      insert into canary_decision (id, operation_id, project, subject, decision, decided_by, reason)
      select ${id}::text, id, project, ${subject}::text, ${decision.decision}::text, ${principal}::text, ${reason}::text
      from target
      returning id
    ), ${auditedFromTarget(auditEntry(decision))}
    select id from decided`.execute(db);
    return rows.length > 0 ? null : 'closed';
  } catch (error) {
    const refusedBy = violatedUnique(error);
    if (refusedBy === 'idempotency_key_pkey') return 'repeated';
    if (refusedBy === 'canary_decision_operation_id_subject_key') return 'decided';
    throw error;
  }
}

function auditEntry(made: NewDecision): AuditEntry {
  const { id, operationId, project, target, subject, decision, reason, principal } = made;
  return {
    project,
    principal,
    action: `canary-rollout.${decision}`,
    subject: target,
    operationId,
    detail: { decision: id, subject },
    personal: { reason },
  };
}

export async function requireDecision(
  db: Db,
  project: string,
  operationId: string,
  id: string,
): Promise<CanaryDecision> {
  const row = await decisions(db, project, operationId).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw new OpsError('not-found', `the rollout ${operationId} has no decision ${id}`);
  return toDecision(row);
}

/** The one decision about a subject, or null. */
export async function findDecisionAbout(
  db: Db,
  project: string,
  operationId: string,
  subject: string,
): Promise<CanaryDecision | null> {
  const row = await decisions(db, project, operationId).where('subject', '=', subject).executeTakeFirst();
  return row === undefined ? null : toDecision(row);
}

function decisions(db: Db, project: string, operationId: string) {
  return db
    .selectFrom('canary_decision')
    .selectAll()
    .where('project', '=', project)
    .where('operation_id', '=', operationId);
}

function toDecision(row: Selectable<Database['canary_decision']>): CanaryDecision {
  return {
    id: row.id,
    operationId: row.operation_id,
    subject: row.subject,
    decision: row.decision,
    by: row.decided_by,
    reason: row.reason,
    at: row.at.toISOString(),
    consumedAt: row.consumed_at?.toISOString() ?? null,
  };
}
