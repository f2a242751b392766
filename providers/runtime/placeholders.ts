import { readFileSync } from 'node:fs';
import { OpsError } from '../../domain/errors.ts';

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
  own: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, text]) => [name, resolve(name, fillIn(text, values), own)]),
  );
}

function resolve(name: string, text: string, own: Readonly<Record<string, string | undefined>>): string {
  if (text.startsWith('env:'))
    return (
      own[text.slice(4)] ?? missing(name, `the variable ${text.slice(4)} is not set where the worker runs`)
    );
  if (!text.startsWith('file:')) return text;
  try {
    return readFileSync(text.slice(5), 'utf8').trimEnd();
  } catch {
    return missing(name, `the file ${text.slice(5)} cannot be read where the worker runs`);
  }
}

function missing(name: string, why: string): never {
  throw new OpsError('start-failed', `environment ${name} cannot be resolved: ${why}`);
}
