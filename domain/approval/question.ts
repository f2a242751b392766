/** Why somebody's approval does not count. */
export type Exclusion = 'requester' | 'editor' | 'pusher';

/** What a gate asks, frozen when it opens; `db/approval` keeps it as it is. */
export interface Question {
  /** Who asked for what is to be approved. */
  readonly requestedBy: string;
  /** Whose approval does not count, and why. They may still reject. */
  readonly excluded: readonly { readonly principal: string; readonly because: Exclusion }[];
  /** How many people have to approve; what the groups ask for is a part of it. */
  readonly approvals: number;
  /** So many of each group. A person counts once, for one group. */
  readonly groups: readonly GroupQuorum[];
  /** Who may stand in for those groups when they do not answer, level by level. */
  readonly escalation: readonly EscalationLevel[];
  /** What the gate does when its time is over: end unapproved, or stay and ask on. */
  readonly onExpiry: 'abort' | 'hold';
}

export interface GroupQuorum {
  readonly group: string;
  readonly approvals: number;
}

export interface EscalationLevel {
  /** Milliseconds after the gate has opened. */
  readonly afterMs: number;
  readonly groups: readonly string[];
}

/** What a plan may say about a gate beside its time; everything may be left out. */
export interface QuestionInput {
  readonly approvals?: number;
  readonly groups?: readonly GroupQuorum[];
  readonly escalation?: readonly EscalationLevel[];
  readonly onExpiry?: 'abort' | 'hold';
}

/** Fills in the rest: one person, no groups, never somebody who is excluded. */
export function questionOf(
  asked: QuestionInput,
  requestedBy: string,
  excluded: Question['excluded'] = [{ principal: requestedBy, because: 'requester' }],
): Question {
  const { groups = [], escalation = [], onExpiry = 'abort' } = asked;
  const ofGroups = groups.reduce((sum, { approvals }) => sum + approvals, 0);
  const approvals = Math.max(asked.approvals ?? 1, ofGroups, 1);
  return { requestedBy, excluded, approvals, groups, escalation, onExpiry };
}

/** How many levels of escalation are reached so long after the opening. */
export function levelAt(question: Question, ageMs: number): number {
  const later = question.escalation.findIndex(({ afterMs }) => afterMs > ageMs);
  return later === -1 ? question.escalation.length : later;
}
