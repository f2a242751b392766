import type { ColumnType, Generated } from 'kysely';
import type { GateOutcome } from '../../domain/approval/gate.ts';
import type { Question } from '../../domain/approval/question.ts';
import type { Answer } from '../../domain/approval/standing.ts';

/** The tables of approvals, a part of db/schema.ts. */
export interface ApprovalTables {
  approval_gate: ApprovalGateTable;
  approval_decision: ApprovalDecisionTable;
  approval_group: ApprovalGroupTable;
  approval_group_member: ApprovalGroupMemberTable;
}

/** A json column: parsed on the way out, given as text on the way in. */
type Json<T> = ColumnType<T, string, string>;

interface ApprovalGateTable {
  id: string;
  project: string;
  operation_id: string;
  /** Which gate of its operation, such as `step-0`. */
  name: string;
  /** Digest of exactly what is approved. */
  subject: string;
  question: Json<Question>;
  /** What was shown to who decides; what it is depends on the kind of the operation. */
  evidence: ColumnType<unknown, string | null, never>;
  level: ColumnType<number, never, number>;
  overdue: ColumnType<number, never, number>;
  opened_at: Generated<Date>;
  expires_at: Date;
  outcome: ColumnType<GateOutcome | null, never, GateOutcome>;
  closed_at: ColumnType<Date | null, never, Date>;
  /** Another subject was asked under its name since. */
  void_at: ColumnType<Date | null, never, Date | null>;
  consumed_at: ColumnType<Date | null, never, Date>;
  /** The effect that used the approval up. */
  consumed_for: ColumnType<string | null, never, string>;
}

interface ApprovalDecisionTable {
  id: string;
  gate_id: string;
  project: string;
  operation_id: string;
  subject: string;
  decision: Answer['decision'];
  decided_by: string;
  /** The groups they were in, and the level of the gate, when they decided. */
  groups: ColumnType<string[], string | undefined, never>;
  level: ColumnType<number, number | undefined, never>;
  reason: string | null;
  at: Generated<Date>;
  announced_at: Date | null;
  consumed_at: Date | null;
}

interface ApprovalGroupTable {
  project: string;
  name: string;
  /** A group of the identity provider whose members belong to it as well. */
  claim: string | null;
  created_at: Generated<Date>;
}

interface ApprovalGroupMemberTable {
  project: string;
  group_name: string;
  principal: string;
  added_by: string;
  created_at: Generated<Date>;
}
