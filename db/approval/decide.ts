import { sql } from 'kysely';
import type { ApprovalDecision } from '../../contracts/approval.ts';
import { refusalOf } from '../../domain/approval/standing.ts';
import { OpsError } from '../../domain/errors.ts';
import { audit } from '../audit.ts';
import type { Db } from '../connect.ts';
import { violatedUnique } from '../failures.ts';
import { advanceGate, type GateRow, type GateState } from './gate-state.ts';
import { groupsOf } from './group.ts';

export interface NewDecision {
  readonly id: string;
  readonly project: string;
  readonly gateId: string;
  /** What the person looked at. */
  readonly subject: string;
  readonly decision: 'approve' | 'reject';
  readonly reason: string | null;
  readonly principal: string;
  /** Groups that the identity provider says they are in. */
  readonly claims: readonly string[];
  readonly key: string;
  readonly fingerprint: string;
}

/**
 * Why nothing was written. `closed`: the gate or its operation is over; `stale`: it asks about something else; `repeated`: the same
 * request made a decision before.
 */
export type DecisionRefusal =
  | { readonly kind: 'repeated' }
  | {
      readonly kind: 'refused';
      readonly code: 'conflict' | 'forbidden' | 'stale' | 'not-found';
      readonly why: string;
    };

/**
 * Writes decision, audit entry and idempotency key in one transaction that holds the gate, so that two answers at once are one after
 * the other. Answers null when it is written.
 */
export async function insertDecision(db: Db, made: NewDecision): Promise<DecisionRefusal | null> {
  try {
    return await db.transaction().execute((tx) => decideInside(tx, made));
  } catch (error) {
    return refusalOfWrite(error, made);
  }
}

/** What the database itself refused: a request that came twice, or an answer that got in around the API a moment before. */
export function refusalOfWrite(error: unknown, { principal }: { principal: string }): DecisionRefusal {
  const unique = violatedUnique(error);
  if (unique === 'idempotency_key_pkey') return { kind: 'repeated' };
  if (unique !== 'approval_decision_gate_id_decided_by_decision_key') throw error;
  return refused('conflict', `${principal} answered this already, in this very moment`);
}

async function decideInside(tx: Db, made: NewDecision): Promise<DecisionRefusal | null> {
  const { id, project, principal, decision, key, fingerprint } = made;
  const gate = await lockGate(tx, project, made.gateId);
  if (gate === null) return refused('not-found', `there is no gate ${made.gateId}`);
  const state = await advanceGate(tx, gate.row);
  const groups = await groupsOf(tx, project, principal, made.claims);
  const answer = { by: principal, decision, groups, level: state.progress.level };
  const isOver = overOf(gate, state, made.subject);
  const refusal = isOver ?? refusalOf(gate.row.question, state.answers, answer);
  // A request that was refused is not remembered, one that was taken is: a repetition must find it first.
  if (refusal !== null && (await isRepeated(tx, made))) return { kind: 'repeated' };
  if (refusal !== null) return refused(refusal.code, refusal.why);
  await tx.insertInto('idempotency_key').values({ project, key, fingerprint, resource_id: id }).execute();
  await writeDecision(tx, gate, { ...made, groups, level: state.progress.level, at: new Date(state.nowMs) });
  await advanceGate(tx, state.row);
  return null;
}

async function isRepeated(tx: Db, { project, key }: NewDecision): Promise<boolean> {
  const { rows } = await sql`select from idempotency_key where project = ${project} and key = ${key}`.execute(
    tx,
  );
  return rows.length > 0;
}

function refused(code: 'conflict' | 'forbidden' | 'stale' | 'not-found', why: string): DecisionRefusal {
  return { kind: 'refused', code, why };
}

export interface LockedGate {
  readonly row: GateRow;
  readonly operation: { readonly kind: string; readonly target: string; readonly isOpen: boolean };
}

export async function lockGate(tx: Db, project: string, gateId: string): Promise<LockedGate | null> {
  const found = await tx
    .selectFrom('approval_gate as g')
    .innerJoin('operation as o', 'o.id', 'g.operation_id')
    .selectAll('g')
    .select(['o.kind', 'o.target', 'o.status'])
    .where('g.project', '=', project)
    .where('g.id', '=', gateId)
    .forNoKeyUpdate('g')
    .executeTakeFirst();
  if (found === undefined) return null;
  const { kind, target, status, ...row } = found;
  return { row, operation: { kind, target, isOpen: status !== 'closed' } };
}

/** Why a gate takes no answer at all, or null. */
export function overOf(
  { row, operation }: LockedGate,
  { progress }: GateState,
  subject: string,
): { readonly code: 'conflict' | 'stale'; readonly why: string } | null {
  if (row.void_at !== null || row.subject !== subject)
    return {
      code: 'stale',
      why: `the gate does not ask about ${subject} (any more): look at what it asks now`,
    };
  if (progress.outcome === 'expired')
    return {
      code: 'conflict',
      why: `nobody approved in time; the gate ended at ${row.expires_at.toISOString()}`,
    };
  if (progress.outcome === 'withdrawn' || !operation.isOpen)
    return {
      code: 'conflict',
      why: `the operation ${row.operation_id} is over or went another way; it asks nothing`,
    };
  return null;
}

/** The row and its audit entry. */
export async function writeDecision(
  tx: Db,
  { row, operation }: LockedGate,
  made: Pick<NewDecision, 'id' | 'reason' | 'principal'> & {
    readonly decision: 'approve' | 'reject' | 'break-glass';
    readonly groups: readonly string[];
    readonly level: number;
    readonly at: Date;
  },
): Promise<void> {
  const { id, decision, principal, reason, groups, level, at } = made;
  const { id: gateId, project, operation_id: operationId, subject } = row;
  await tx
    .insertInto('approval_decision')
    .values({
      ...{ id, gate_id: gateId, project, operation_id: operationId, subject, decision, reason, level, at },
      ...{ decided_by: principal, groups: JSON.stringify(groups), announced_at: null, consumed_at: null },
    })
    .execute();
  const detail = { decision: id, gate: row.name, gateId, subject, groups: [...groups], level };
  await audit(tx, {
    ...{ project, principal, operationId, subject: operation.target, detail, personal: { reason } },
    action: decision === 'break-glass' ? 'approval.break-glass' : `${operation.kind}.${decision}`,
  });
}

export async function requireDecision(db: Db, project: string, id: string): Promise<ApprovalDecision> {
  const row = await db
    .selectFrom('approval_decision')
    .selectAll()
    .where('project', '=', project)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new OpsError('not-found', `there is no decision ${id}`);
  return {
    id: row.id,
    gateId: row.gate_id,
    operationId: row.operation_id,
    subject: row.subject,
    decision: row.decision,
    by: row.decided_by,
    reason: row.reason,
    at: row.at.toISOString(),
    consumedAt: row.consumed_at?.toISOString() ?? null,
  };
}
