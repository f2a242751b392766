import { sql } from 'kysely';
import { ulid } from 'ulid';
import { nextLookMs, type GateOutcome } from '../../domain/approval/gate.ts';
import type { Question } from '../../domain/approval/question.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';
import { advanceGate, type GateRow, type GateState } from './gate-state.ts';

export interface GateAsked {
  readonly operationId: string;
  /** Which gate of the operation, such as `step-0`. */
  readonly name: string;
  /** Digest of the very thing. */
  readonly subject: string;
  readonly question: Question;
  readonly evidence: unknown;
  readonly timeoutMs: number;
}

/** A gate as a workflow sees it. Times are spans, so that the clock of the worker does not matter. */
export interface GateView {
  readonly gateId: string;
  readonly subject: string;
  /** null: it waits. `void`: another subject is asked under its name. */
  readonly outcome: GateOutcome | 'void' | null;
  readonly missing: number;
  /** The groups that are missing; empty where anybody may approve. */
  readonly waitsFor: readonly string[];
  readonly level: number;
  readonly overdue: number;
  readonly deadline: string;
  /** When it has to be looked at again though nobody has answered, in milliseconds. */
  readonly lookInMs: number;
  readonly answers: readonly {
    readonly id: string;
    readonly by: string;
    readonly decision: 'approve' | 'reject' | 'break-glass';
    readonly reason: string | null;
  }[];
}

/**
 * Asks about a subject, once: asking again finds the same gate with the answers it has. Another subject under the same name makes the
 * gate before it void, with its approvals, for good; only a rejection stays final for its subject. Throws `conflict` when the operation
 * has ended.
 */
export async function openGate(db: Db, asked: GateAsked): Promise<GateView> {
  return db.transaction().execute(async (tx) => {
    const project = await lockOpenOperation(tx, asked.operationId);
    const row =
      (await askedAlready(tx, asked)) ?? (await rejectedBefore(tx, asked)) ?? (await ask(tx, project, asked));
    return viewOf(await advanceGate(tx, row));
  });
}

async function lockOpenOperation(tx: Db, operationId: string): Promise<string> {
  const operation = await tx
    .selectFrom('operation')
    .select(['project', 'status'])
    .where('id', '=', operationId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (operation === undefined || operation.status === 'closed')
    throw new OpsError('conflict', `the operation ${operationId} has ended: it asks nothing any more`);
  return operation.project;
}

/** Makes another subject's gate void on the way. */
async function askedAlready(tx: Db, { operationId, name, subject }: GateAsked): Promise<GateRow | null> {
  const row = await current(tx, operationId, name).executeTakeFirst();
  if (row === undefined || row.subject === subject) return row ?? null;
  await advanceGate(tx, row);
  await tx.updateTable('approval_gate').set({ void_at: new Date() }).where('id', '=', row.id).execute();
  return null;
}

async function rejectedBefore(tx: Db, { operationId, name, subject }: GateAsked): Promise<GateRow | null> {
  const row = await tx
    .updateTable('approval_gate')
    .set({ void_at: null })
    .where('operation_id', '=', operationId)
    .where('name', '=', name)
    .where('subject', '=', subject)
    .where('outcome', '=', 'rejected')
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}

async function ask(tx: Db, project: string, asked: GateAsked): Promise<GateRow> {
  const { operationId, name, subject, question, evidence, timeoutMs } = asked;
  return tx
    .insertInto('approval_gate')
    .values({
      id: ulid(),
      project,
      operation_id: operationId,
      name,
      subject,
      question: JSON.stringify(question),
      evidence: evidence === null ? null : JSON.stringify(evidence),
      expires_at: sql<Date>`now() + ${timeoutMs} * interval '1 ms'`,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Looks at a gate on behalf of its workflow; the decisions it has now need not be announced any more. */
export async function lookAtGate(
  db: Db,
  { operationId, gateId }: { operationId: string; gateId: string },
): Promise<GateView> {
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .selectFrom('approval_gate')
      .selectAll()
      .where('id', '=', gateId)
      .where('operation_id', '=', operationId)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (row === undefined)
      throw new OpsError('not-found', `the operation ${operationId} has no gate ${gateId}`);
    await acknowledge(tx, gateId);
    return viewOf(await advanceGate(tx, row));
  });
}

async function acknowledge(tx: Db, gateId: string): Promise<void> {
  await tx
    .updateTable('approval_decision')
    .set({ announced_at: new Date() })
    .where('gate_id', '=', gateId)
    .where('announced_at', 'is', null)
    .execute();
}

/** The gate that is asked under a name now, with its lock. */
export function current(tx: Db, operationId: string, name: string) {
  return tx
    .selectFrom('approval_gate')
    .selectAll()
    .where('operation_id', '=', operationId)
    .where('name', '=', name)
    .where('void_at', 'is', null)
    .forNoKeyUpdate();
}

/** The operation goes another way: what it still asks is asked no more. Call it in the transaction that says so. */
export async function withdrawGates(tx: Db, operationId: string): Promise<void> {
  const open = await tx
    .selectFrom('approval_gate')
    .selectAll()
    .where('operation_id', '=', operationId)
    .where('outcome', 'is', null)
    .where('void_at', 'is', null)
    .forNoKeyUpdate()
    .execute();
  for (const row of open) {
    const { progress, nowMs } = await advanceGate(tx, row);
    if (progress.outcome !== null) continue;
    await tx
      .updateTable('approval_gate')
      .set({ outcome: 'withdrawn', closed_at: new Date(nowMs) })
      .where('id', '=', row.id)
      .execute();
  }
}

function viewOf({ row, answers, progress, nowMs }: GateState): GateView {
  const { standing, outcome } = progress;
  return {
    gateId: row.id,
    subject: row.subject,
    outcome: row.void_at === null ? outcome : 'void',
    missing: standing.kind === 'open' ? standing.missing : 0,
    waitsFor: standing.kind === 'open' ? standing.waitsFor.filter((group) => group !== null) : [],
    level: progress.level,
    overdue: progress.overdue,
    deadline: new Date(progress.expiresAtMs).toISOString(),
    lookInMs: nextLookMs(row.question, progress, { openedAtMs: row.opened_at.getTime(), nowMs }),
    answers: answers.map(({ id, by, decision, reason }) => ({ id, by, decision, reason })),
  };
}
