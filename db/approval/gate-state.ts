import { sql, type Selectable } from 'kysely';
import {
  progressOf,
  type GateFacts,
  type GateProgress,
  type TimedAnswer,
} from '../../domain/approval/gate.ts';
import type { Db } from '../connect.ts';
import type { ApprovalTables } from './tables.ts';

export type GateRow = Selectable<ApprovalTables['approval_gate']>;

/** One person's answer as its row has it. */
export interface GateAnswer extends TimedAnswer {
  readonly id: string;
  readonly reason: string | null;
}

/** A gate as it stands at this moment, by the clock of the database. */
export interface GateState {
  readonly row: GateRow;
  readonly answers: readonly GateAnswer[];
  readonly progress: GateProgress;
  readonly nowMs: number;
}

/**
 * Brings the row of a locked gate up to now: the end of its time, its level, and the outcome of its answers, which is written once.
 * Every path that decides, looks or acts goes through here, so there is one outcome whoever comes first.
 */
export async function advanceGate(tx: Db, row: GateRow): Promise<GateState> {
  const state = await gateStateOf(tx, row);
  const { progress, nowMs } = state;
  const { outcome, level, overdue, expiresAtMs } = progress;
  const isSame = outcome === row.outcome && level === row.level && overdue === row.overdue;
  if (isSame) return state;
  const isNews = outcome !== null && row.outcome === null;
  const now = await tx
    .updateTable('approval_gate')
    .set({ level, overdue, expires_at: new Date(expiresAtMs) })
    .$if(isNews, (update) => update.set({ outcome: outcome ?? undefined, closed_at: new Date(nowMs) }))
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return { ...state, row: now };
}

/** The same without writing anything. */
export async function gateStateOf(db: Db, row: GateRow): Promise<GateState> {
  const { rows } = await sql<{ now: number; answers: GateAnswer[] }>`
    select (extract(epoch from clock_timestamp()) * 1000)::double precision as now, coalesce((
      select jsonb_agg(jsonb_build_object('id', id, 'by', decided_by, 'decision', decision, 'groups', groups, 'level', level,
        'reason', reason, 'atMs', extract(epoch from at) * 1000) order by at, id)
      from approval_decision where gate_id = ${row.id}), '[]') as answers`.execute(db);
  const { now: nowMs, answers } = rows[0] ?? { now: 0, answers: [] };
  return { row, answers, nowMs, progress: progressOf(factsOf(row), answers, nowMs) };
}

function factsOf(row: GateRow): GateFacts {
  return {
    question: row.question,
    outcome: row.outcome,
    isVoid: row.void_at !== null,
    level: row.level,
    overdue: row.overdue,
    openedAtMs: row.opened_at.getTime(),
    expiresAtMs: row.expires_at.getTime(),
  };
}
