import { OpsError } from '../../domain/errors.ts';
import { isReference, resolveReference, type OwnEnvironment } from './references.ts';

export interface Placeholders {
  readonly version: string;
  readonly port: string;
  readonly instance: string;
}

/** Replaces `{version}`, `{port}` and `{instance}`; other braces stay as they are. */
export function fillIn(text: string, values: Placeholders): string {
  return text.replace(/\{(version|port|instance)\}/g, (_, name: keyof Placeholders) => values[name]);
}

/** Placeholders filled in and references (`env:NAME`, `file:/path`) resolved; a secret thus never stands in a row or a history. */
export function resolveEnvironment(
  env: Readonly<Record<string, string>>,
  values: Placeholders,
  own: OwnEnvironment,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, text]) => [name, resolve(name, fillIn(text, values), own)]),
  );
}

/** The references of an environment, with placeholders filled in; they are no secrets themselves. */
export function referencesOf(env: Readonly<Record<string, string>>, values: Placeholders): string[] {
  return Object.values(env)
    .map((text) => fillIn(text, values))
    .filter(isReference);
}

function resolve(name: string, text: string, own: OwnEnvironment): string {
  if (!isReference(text)) return text;
  const value = resolveReference(text, own);
  if (value !== null) return value;
  return text.startsWith('env:')
    ? missing(name, `the variable ${text.slice(4)} is not set where the worker runs`)
    : missing(name, `the file ${text.slice(5)} cannot be read where the worker runs`);
}

function missing(name: string, why: string): never {
  throw new OpsError('start-failed', `environment ${name} cannot be resolved: ${why}`);
}
