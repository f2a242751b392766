import type { Question } from './question.ts';
import { openPlaces, standIns, type Approver } from './quorum.ts';

/** One person's answer about exactly this subject. */
export interface Answer extends Approver {
  readonly decision: 'approve' | 'reject' | 'break-glass';
}

export type Standing =
  | {
      readonly kind: 'open';
      readonly missing: number;
      /** Groups that still have to approve, each as often as it is missing; null: anybody. */
      readonly waitsFor: readonly (string | null)[];
    }
  | { readonly kind: 'approved' }
  | { readonly kind: 'rejected'; readonly by: string }
  /** Passed without its approvals, by an admin who gave a reason. */
  | { readonly kind: 'broken'; readonly by: string };

/**
 * Where a question stands. The first rejection is final for its subject; approvals count once a person, and never that of somebody who
 * is excluded.
 */
export function standingOf(question: Question, answers: readonly Answer[]): Standing {
  const no = answers.find(({ decision }) => decision === 'reject');
  if (no !== undefined) return { kind: 'rejected', by: no.by };
  const waitsFor = openPlaces(question, approversOf(question, answers));
  if (waitsFor.length === 0) return { kind: 'approved' };
  const broke = answers.find(({ decision }) => decision === 'break-glass');
  if (broke !== undefined) return { kind: 'broken', by: broke.by };
  return { kind: 'open', missing: waitsFor.length, waitsFor };
}

export interface AnswerRefusal {
  readonly code: 'conflict' | 'forbidden';
  readonly why: string;
}

/** Why an answer may not be given, or null. Whoever may approve may also reject, and so may who asked. */
export function refusalOf(
  question: Question,
  answers: readonly Answer[],
  answer: Answer,
): AnswerRefusal | null {
  const standing = standingOf(question, answers);
  switch (standing.kind) {
    case 'rejected':
      return conflict(`${standing.by} rejected this already; a rejection is final, a gate is answered once`);
    case 'broken':
      return conflict(`${standing.by} broke the glass for this already; a gate is answered once`);
    case 'approved': {
      const who = [...new Set(answers.map(({ by }) => by))].join(', ');
      return conflict(`${who} approved this already; a gate is answered once`);
    }
    case 'open':
      return answer.decision === 'approve' ? approvalRefusal(question, answers, answer, standing) : null;
  }
}

function approvalRefusal(
  question: Question,
  answers: readonly Answer[],
  answer: Answer,
  standing: Extract<Standing, { kind: 'open' }>,
): AnswerRefusal | null {
  if (answers.some(({ by }) => by === answer.by))
    return conflict(`${answer.by} answered this already; ${standing.missing} more must approve`);
  const exclusion = question.excluded.find(({ principal }) => principal === answer.by);
  if (exclusion !== undefined) {
    const how = whatTheyDid[exclusion.because];
    const remedy = exclusion.because === 'requester' ? " (the plan's gate may say allowRequester: true)" : '';
    return forbidden(`${answer.by} ${how}, so somebody else has to approve it${remedy}`);
  }
  const after = openPlaces(question, approversOf(question, [...answers, answer]));
  if (after.length < standing.missing) return null;
  const wanted = groupsWanted(question, standing.waitsFor, answer.level).join(', ');
  return forbidden(
    `${answer.by} is in none of the groups that this gate waits for (${wanted}); an admin may add people: holdfast groups set`,
  );
}

const whatTheyDid = {
  requester: 'asked for it',
  editor: 'changed what is to be approved',
  pusher: 'pushed what is to be approved',
} as const;

/** The groups whose members may approve now, those that stand in among them. */
export function groupsWanted(
  question: Question,
  waitsFor: readonly (string | null)[],
  level: number,
): string[] {
  const asked = waitsFor.filter((group) => group !== null);
  return asked.length === 0 ? [] : [...new Set([...asked, ...standIns(question, level)])];
}

/** One approval a person, of those who are not excluded. */
function approversOf(question: Question, answers: readonly Answer[]): Answer[] {
  const people = new Map<string, Answer>();
  for (const answer of answers) {
    const isExcluded = question.excluded.some(({ principal }) => principal === answer.by);
    if (answer.decision === 'approve' && !isExcluded && !people.has(answer.by)) people.set(answer.by, answer);
  }
  return [...people.values()];
}

function conflict(why: string): AnswerRefusal {
  return { code: 'conflict', why };
}

function forbidden(why: string): AnswerRefusal {
  return { code: 'forbidden', why };
}
