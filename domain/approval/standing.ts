/** What a gate asks for. */
export interface Question {
  /** Who asked for what is to be approved. */
  readonly requestedBy: string;
  /** How many people have to approve. */
  readonly approvals: number;
  /** Whether who asked may be one of them; the plan says so, and the plan is part of the subject. */
  readonly allowRequester: boolean;
}

/** One person's answer about exactly this subject. */
export interface Answer {
  readonly by: string;
  readonly decision: 'approve' | 'reject';
}

export type Standing =
  | { readonly kind: 'open'; readonly missing: number }
  | { readonly kind: 'approved' }
  | { readonly kind: 'rejected'; readonly by: string };

/**
 * Where a question stands. A rejection is final for its subject, whatever else was said; approvals count once a person, and never that
 * of who asked unless the plan allows it.
 */
export function standingOf(question: Question, answers: readonly Answer[]): Standing {
  const no = answers.find(({ decision }) => decision === 'reject');
  if (no !== undefined) return { kind: 'rejected', by: no.by };
  const people = new Set(answers.filter(({ by }) => counts(question, by)).map(({ by }) => by));
  const missing = question.approvals - people.size;
  return missing > 0 ? { kind: 'open', missing } : { kind: 'approved' };
}

/** Why an answer may not be given, or null. Whoever may approve may also reject, and so may who asked. */
export function refusalOf(
  question: Question,
  answers: readonly Answer[],
  answer: Answer,
): { readonly code: 'conflict' | 'forbidden'; readonly why: string } | null {
  const standing = standingOf(question, answers);
  if (standing.kind === 'rejected')
    return {
      code: 'conflict',
      why: `${standing.by} rejected this already; a rejection is final, a gate is answered once`,
    };
  if (standing.kind === 'approved') {
    const who = [...new Set(answers.map(({ by }) => by))].join(', ');
    return { code: 'conflict', why: `${who} approved this already; a gate is answered once` };
  }
  if (answers.some(({ by }) => by === answer.by))
    return {
      code: 'conflict',
      why: `${answer.by} answered this already; ${standing.missing} more must approve`,
    };
  if (answer.decision === 'approve' && !counts(question, answer.by)) {
    return {
      code: 'forbidden',
      why: `${answer.by} asked for it, so somebody else has to approve it (the plan's gate may say allowRequester: true)`,
    };
  }
  return null;
}

function counts(question: Question, by: string): boolean {
  return question.allowRequester || by !== question.requestedBy;
}
