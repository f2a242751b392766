import { replaceFile } from './files.ts';
import { object, oneOf, text } from './shape.ts';
import { readJson } from './state.ts';

export interface Enrolled {
  readonly proxy: string;
  readonly project: string;
  readonly environment: string;
}

/** `trading`: a token was sent, and what came of it is not known. */
export type Enrolment =
  { readonly kind: 'none' } | { readonly kind: 'trading' | 'enrolled'; readonly enrolled: Enrolled };

export function readEnrolment(path: string): Enrolment {
  const { value, fault } = readJson(path);
  if (isEnrolment(value)) return { kind: value.kind, enrolled: value.enrolled };
  // What cannot be read tells at least that somebody had begun.
  if (value === null && fault === null) return { kind: 'none' };
  return { kind: 'trading', enrolled: { proxy: '', project: '', environment: '' } };
}

export function saveEnrolment(path: string, enrolment: Exclude<Enrolment, { kind: 'none' }>): void {
  replaceFile(path, `${JSON.stringify(enrolment)}\n`);
}

function isEnrolment(value: unknown): value is Exclude<Enrolment, { kind: 'none' }> {
  const enrolled = object({ proxy: text, project: text, environment: text });
  return object({ kind: oneOf(['trading', 'enrolled']), enrolled })(value);
}
