import { levelAt, type Question } from './question.ts';
import { standingOf, type Answer, type Standing } from './standing.ts';

/** How a gate ended; written once and never changed. `withdrawn`: its operation went another way. */
export type GateOutcome = 'approved' | 'rejected' | 'broken' | 'expired' | 'withdrawn';

/** What its row says of a gate. */
export interface GateFacts {
  readonly question: Question;
  readonly outcome: GateOutcome | null;
  /** Another subject was asked under its name since: its approvals are void. */
  readonly isVoid: boolean;
  readonly level: number;
  /** How often its time was over without an answer. */
  readonly overdue: number;
  readonly openedAtMs: number;
  readonly expiresAtMs: number;
}

export interface TimedAnswer extends Answer {
  readonly atMs: number;
}

export interface GateProgress {
  readonly outcome: GateOutcome | null;
  readonly level: number;
  readonly overdue: number;
  readonly expiresAtMs: number;
  readonly standing: Standing;
}

/** A gate that stays open past its time is asked about again after so long. */
export const askAgainMs = 24 * 3600 * 1000;

/**
 * Where a gate is at this moment, from its row, the answers and the clock of the database. An outcome that is written stays; answers
 * that came after the end of a gate that expires do not count.
 */
export function progressOf(gate: GateFacts, answers: readonly TimedAnswer[], nowMs: number): GateProgress {
  const { question } = gate;
  const counted = answers
    .filter(({ atMs }) => question.onExpiry === 'hold' || atMs < gate.expiresAtMs)
    .map((answer) => ({ ...answer, level: Math.min(answer.level, gate.level) }));
  const standing = standingOf(question, counted);
  const kept = { level: gate.level, overdue: gate.overdue, expiresAtMs: gate.expiresAtMs, standing };
  if (gate.outcome !== null || gate.isVoid) return { ...kept, outcome: gate.outcome };
  if (standing.kind !== 'open') return { ...kept, outcome: standing.kind };
  const isOver = nowMs >= gate.expiresAtMs;
  if (isOver && question.onExpiry === 'abort') return { ...kept, outcome: 'expired' };
  const level = Math.max(gate.level, levelAt(question, nowMs - gate.openedAtMs));
  if (!isOver) return { ...kept, level, outcome: null };
  return { ...kept, level, outcome: null, overdue: gate.overdue + 1, expiresAtMs: nowMs + askAgainMs };
}

/** Milliseconds until the gate has to be looked at again by itself: its next level or its end. */
export function nextLookMs(question: Question, progress: GateProgress, clock: GateClock): number {
  const nextLevel = question.escalation[progress.level];
  const atMs = nextLevel === undefined ? Infinity : clock.openedAtMs + nextLevel.afterMs;
  return Math.max(1, Math.ceil(Math.min(atMs, progress.expiresAtMs) - clock.nowMs));
}

interface GateClock {
  readonly openedAtMs: number;
  readonly nowMs: number;
}
