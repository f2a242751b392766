import type { CheckResult } from '../../contracts/canary-rollout.ts';
import type { Db } from '../connect.ts';

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

/** Uses an approval up. Answers false when that subject was not approved. The same operation may repeat it. */
export async function consumeApproval(
  db: Db,
  approval: { operationId: string; subject: string },
): Promise<boolean> {
  const row = await db
    .updateTable('canary_decision')
    .set((eb) => ({ consumed_at: eb.fn.coalesce('consumed_at', eb.val(new Date())) }))
    .where('operation_id', '=', approval.operationId)
    .where('subject', '=', approval.subject)
    .where('decision', '=', 'approve')
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}
