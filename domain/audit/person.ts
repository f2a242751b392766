import type { AuditBody } from './entry.ts';

/** Stands in an entry where somebody is meant; no principal can be called that. */
export const personMark = '(a person)';
const erasedMark = '(erased)';

/** Ours act under names that are nobody's: they stay in the entry. Everybody else's name is kept apart, so that it can be erased. */
export function isProgram(principal: string): boolean {
  return /^(holdfast( up)?|unknown|proxy:.*)$/.test(principal);
}

export interface Named {
  readonly principal: string;
  readonly subject: string;
  /** What else is kept apart; null when there is nothing, or it was erased. */
  readonly texts: Readonly<Record<string, string>> | null;
}

/** An entry as people read it: with the names that are kept apart, where they have not been erased. */
export function withNames(
  { principal, subject }: Pick<AuditBody, 'principal' | 'subject'>,
  apart: Readonly<Record<string, string>> | null,
): Named {
  const { principal: who, subject: about, ...texts } = apart ?? {};
  return {
    principal: principal === personMark ? (who ?? erasedMark) : principal,
    subject: subject === personMark ? (about ?? erasedMark) : subject,
    texts: Object.keys(texts).length === 0 ? null : texts,
  };
}
