import type { Answer, Question } from '../../domain/approval/standing.ts';
import type { Db } from '../connect.ts';

export interface OpenQuestion {
  readonly question: Question;
  readonly answers: readonly Answer[];
}

/**
 * What a gate asks and what was answered so far. In a transaction it locks the gate, so that of two people who answer at once the
 * second knows of the first. null: no gate ever asked about this subject, or its operation is over.
 */
export async function lockQuestion(
  tx: Db,
  { operationId, subject }: { operationId: string; subject: string },
): Promise<OpenQuestion | null> {
  const gate = await tx
    .selectFrom('canary_gate as g')
    .innerJoin('operation as o', 'o.id', 'g.operation_id')
    .innerJoin('canary_rollout as r', 'r.operation_id', 'g.operation_id')
    .select(['g.step', 'o.started_by', 'r.plan'])
    .where('g.operation_id', '=', operationId)
    .where('g.subject', '=', subject)
    .where('o.status', '!=', 'closed')
    .forUpdate('g')
    .executeTakeFirst();
  if (gate === undefined) return null;
  const asked = gate.plan.steps[gate.step]?.gate;
  const question: Question = {
    requestedBy: gate.started_by,
    approvals: asked?.approvals ?? 1,
    allowRequester: asked?.allowRequester ?? false,
  };
  const answers = await tx
    .selectFrom('canary_decision')
    .select(['decided_by as by', 'decision'])
    .where('operation_id', '=', operationId)
    .where('subject', '=', subject)
    .orderBy('id')
    .execute();
  return { question, answers };
}
