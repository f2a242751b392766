import type { CheckResult } from '../../contracts/canary-rollout.ts';
import { standingOf, type Standing } from '../../domain/approval/standing.ts';
import type { Db } from '../connect.ts';
import { lockQuestion } from './question.ts';

/** Opens a gate once; a repetition finds it open and answers the subject that was shown first. */
export async function openGate(
  db: Db,
  gate: { operationId: string; step: number; subject: string; evidence: CheckResult | null },
): Promise<string> {
  await db
    .insertInto('canary_gate')
    .values({
      operation_id: gate.operationId,
      step: gate.step,
      subject: gate.subject,
      evidence: gate.evidence === null ? null : JSON.stringify(gate.evidence),
    })
    .onConflict((conflict) => conflict.columns(['operation_id', 'step']).doNothing())
    .execute();
  return (await readGate(db, gate.operationId, gate.step))?.subject ?? gate.subject;
}

export async function readGate(db: Db, operationId: string, step: number) {
  return db
    .selectFrom('canary_gate')
    .select(['subject', 'evidence'])
    .where('operation_id', '=', operationId)
    .where('step', '=', step)
    .executeTakeFirst();
}

export async function readDecision(db: Db, operationId: string, decisionId: string) {
  return db
    .selectFrom('canary_decision')
    .select(['id', 'subject', 'decision', 'decided_by', 'reason', 'consumed_at'])
    .where('operation_id', '=', operationId)
    .where('id', '=', decisionId)
    .executeTakeFirst();
}

/** The workflow has looked at the decision; the sweep need not announce it again. */
export async function acknowledgeDecision(db: Db, decisionId: string): Promise<void> {
  await db
    .updateTable('canary_decision')
    .set({ announced_at: new Date() })
    .where('id', '=', decisionId)
    .where('announced_at', 'is', null)
    .execute();
}

/** Uses the approvals of a subject up, if it is approved by as many as its gate asks for. The same operation may repeat it. */
export async function consumeApproval(
  db: Db,
  approval: { operationId: string; subject: string },
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const asked = await lockQuestion(tx, approval);
    if (asked === null || standingOf(asked.question, asked.answers).kind !== 'approved') return false;
    await tx
      .updateTable('canary_decision')
      .set((eb) => ({ consumed_at: eb.fn.coalesce('consumed_at', eb.val(new Date())) }))
      .where('operation_id', '=', approval.operationId)
      .where('subject', '=', approval.subject)
      .execute();
    return true;
  });
}

/** Where the question of a gate stands; null when no open operation asks about this subject. */
export async function standingAt(
  db: Db,
  asked: { operationId: string; subject: string },
): Promise<Standing | null> {
  const open = await db.transaction().execute((tx) => lockQuestion(tx, asked));
  return open === null ? null : standingOf(open.question, open.answers);
}
