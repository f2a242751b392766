import { sql, type Selectable } from 'kysely';
import type { CanaryDecision } from '../../contracts/canary-rollout.ts';
import { OpsError } from '../../domain/errors.ts';
import { refusalOf } from '../../domain/approval/standing.ts';
import { audit, type AuditEntry } from '../audit.ts';
import type { Db } from '../connect.ts';
import { violatedUnique } from '../failures.ts';
import type { Database } from '../schema.ts';
import { lockQuestion } from './question.ts';

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

/** Why nothing was written. `refused` tells why in words: answered already, or by somebody who may not. */
export type DecisionRefusal =
  | { readonly kind: 'closed' | 'repeated' }
  | { readonly kind: 'refused'; readonly code: 'conflict' | 'forbidden'; readonly why: string };

/**
 * Writes decision, audit entry and idempotency key in one transaction that holds the gate, so that two answers at once are one after
 * the other. Answers null when it is written.
 */
export async function insertDecision(db: Db, decision: NewDecision): Promise<DecisionRefusal | null> {
  try {
    return await db.transaction().execute((tx) => decideInside(tx, decision));
  } catch (error) {
    if (violatedUnique(error) === 'idempotency_key_pkey') return { kind: 'repeated' };
    throw error;
  }
}

async function decideInside(tx: Db, made: NewDecision): Promise<DecisionRefusal | null> {
  const { id, operationId, project, subject, decision, reason, principal, key, fingerprint } = made;
  const open = await lockQuestion(tx, { operationId, subject });
  if (open === null) return { kind: 'closed' };
  await tx.insertInto('idempotency_key').values({ project, key, fingerprint, resource_id: id }).execute();
  const refusal = refusalOf(open.question, open.answers, { by: principal, decision });
  if (refusal !== null) {
    await sql`delete from idempotency_key where project = ${project} and key = ${key}`.execute(tx);
    return { kind: 'refused', ...refusal };
  }
  const row = { id, operation_id: operationId, project, subject, decision, decided_by: principal, reason };
  await tx
    .insertInto('canary_decision')
    .values({ ...row, announced_at: null, consumed_at: null })
    .execute();
  await audit(tx, auditEntry(made));
  return null;
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
