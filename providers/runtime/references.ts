import { readFileSync } from 'node:fs';

/** The environment of the worker. */
export type OwnEnvironment = Readonly<Record<string, string | undefined>>;

/** A value that only names a secret: `env:NAME` or `file:/path`. */
export function isReference(text: string): boolean {
  return text.startsWith('env:') || text.startsWith('file:');
}

/** What a reference stands for where the worker runs; null when there is no such variable or readable file. */
export function resolveReference(reference: string, own: OwnEnvironment): string | null {
  if (reference.startsWith('env:')) return own[reference.slice(4)] ?? null;
  try {
    return readFileSync(reference.slice(5), 'utf8').trimEnd();
  } catch {
    return null;
  }
}
