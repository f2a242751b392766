import { refusalOf } from '../../domain/approval/standing.ts';
import type { Db } from '../connect.ts';
import { tellChannels } from '../notification/outbox.ts';
import { appendLine, lockOperation } from '../timeline.ts';
import {
  lockGate,
  overOf,
  refusalOfWrite,
  writeDecision,
  type DecisionRefusal,
  type LockedGate,
  type NewDecision,
} from './decide.ts';
import { advanceGate } from './gate-state.ts';

/** What passes a gate without its approvals; the reason is not left out. */
export type BrokenGlass = Omit<NewDecision, 'decision' | 'claims' | 'reason'> & { readonly reason: string };

/**
 * Passes a waiting gate in an emergency, for who may do that alone: decision, audit entry of its own, mark of the operation, line of
 * the timeline and a message to every channel of the project, all in one transaction. A gate that was answered stays as it is.
 */
export async function breakGlass(db: Db, made: BrokenGlass): Promise<DecisionRefusal | null> {
  try {
    return await db.transaction().execute((tx) => breakInside(tx, made));
  } catch (error) {
    return refusalOfWrite(error, made);
  }
}

async function breakInside(tx: Db, made: BrokenGlass): Promise<DecisionRefusal | null> {
  const { id, project, principal, key, fingerprint } = made;
  const notFound = { kind: 'refused', code: 'not-found', why: `there is no gate ${made.gateId}` } as const;
  const operationId = await operationOf(tx, project, made.gateId);
  if (operationId === null) return notFound;
  // The operation first, like everybody else who holds both.
  await lockOperation(tx, operationId);
  const gate = await lockGate(tx, project, made.gateId);
  if (gate === null) return notFound;
  const state = await advanceGate(tx, gate.row);
  const { level } = state.progress;
  const answer = { by: principal, decision: 'break-glass' as const, groups: [], level };
  const refusal = overOf(gate, state, made.subject) ?? refusalOf(gate.row.question, state.answers, answer);
  await tx.insertInto('idempotency_key').values({ project, key, fingerprint, resource_id: id }).execute();
  if (refusal !== null) {
    await tx.deleteFrom('idempotency_key').where('project', '=', project).where('key', '=', key).execute();
    return { kind: 'refused', ...refusal };
  }
  await writeDecision(tx, gate, { ...made, ...answer, at: new Date(state.nowMs) });
  await advanceGate(tx, state.row);
  await sayLoudly(tx, gate, made);
  return null;
}

async function operationOf(tx: Db, project: string, gateId: string): Promise<string | null> {
  const row = await tx
    .selectFrom('approval_gate')
    .select('operation_id')
    .where('project', '=', project)
    .where('id', '=', gateId)
    .executeTakeFirst();
  return row?.operation_id ?? null;
}

async function sayLoudly(tx: Db, { row }: LockedGate, made: BrokenGlass): Promise<void> {
  const { operation_id: operationId, subject, name } = row;
  const { principal, reason, id } = made;
  await tx
    .updateTable('operation')
    .set({ glass_broken_by: principal })
    .where('id', '=', operationId)
    .execute();
  const summary = `GLASS BROKEN by ${principal}: the gate ${name} is passed without its approvals: ${reason}`;
  const line = {
    operationId,
    type: 'glass.broken',
    summary,
    detail: { decisionId: id, subject, gateId: row.id },
  };
  await appendLine(tx, { ...line, runId: null, runSeq: null });
  const key = `glass.broken/${id}`;
  await tellChannels(tx, { operationId, event: 'glass.broken', key, summary, toAll: true });
}
