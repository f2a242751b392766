import { ulid } from 'ulid';
import { openGate, type GateAsked, type GateView } from '../../db/approval/gate.ts';
import type { Db } from '../../db/connect.ts';
import { questionOf } from '../../domain/approval/question.ts';

/** Asks at the first gate of an operation; who asks is `ada` unless told otherwise. */
export function askAtGate(
  db: Db,
  operationId: string,
  subject: string,
  change: Partial<GateAsked> = {},
): Promise<GateView> {
  const question = questionOf({}, 'ada');
  const asked = { operationId, name: 'step-0', subject, question, evidence: null, timeoutMs: 3_600_000 };
  return openGate(db, { ...asked, ...change });
}

/** A decision that got in around the API and its rules: the row alone. null: the gate has such a row already. */
export async function insertRogueDecision(
  db: Db,
  made: { gateId: string; decision: 'approve' | 'reject'; by: string; groups?: readonly string[] },
): Promise<string> {
  const id = ulid();
  await db
    .insertInto('approval_decision')
    .columns(['id', 'gate_id', 'project', 'operation_id', 'subject', 'decision', 'decided_by', 'groups'])
    .expression((eb) =>
      eb
        .selectFrom('approval_gate')
        .select((row) => [
          row.val(id).as('id'),
          'approval_gate.id as gate_id',
          'project',
          'operation_id',
          'subject',
          row.val(made.decision).as('decision'),
          row.val(made.by).as('decided_by'),
          row.cast<string[]>(row.val(JSON.stringify(made.groups ?? [])), 'jsonb').as('groups'),
        ])
        .where('approval_gate.id', '=', made.gateId),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return id;
}
