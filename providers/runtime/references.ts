import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** The environment of the worker. */
export type OwnEnvironment = Readonly<Record<string, string | undefined>>;

const longestBytes = 64 * 1024;

/** A value that only names a secret: `env:NAME` or `file:/path`. */
export function isReference(text: string): boolean {
  return text.startsWith('env:') || text.startsWith('file:');
}

/**
 * What a reference stands for where the worker runs; null when there is no such variable, or no readable file of at most 64 KiB.
 */
export function resolveReference(reference: string, own: OwnEnvironment): string | null {
  if (reference.startsWith('env:')) return own[reference.slice('env:'.length)] ?? null;
  try {
    return readSmallFile(reference.slice('file:'.length));
  } catch {
    return null;
  }
}

/** A pipe that nobody writes to and a device that never ends would stop the whole worker: files alone, and small ones. */
function readSmallFile(path: string): string | null {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (!found.isFile() || found.size > longestBytes) return null;
    return readFileSync(file, 'utf8').trimEnd();
  } finally {
    closeSync(file);
  }
}
