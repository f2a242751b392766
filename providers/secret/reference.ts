import { constants, open } from 'node:fs/promises';
import { OpsError } from '../../domain/errors.ts';
import type { Secrets } from './secret.ts';

const longest = 64 * 1024;

/** Secrets from the environment and the files of this machine. */
export function createSecrets(env: Readonly<Record<string, string | undefined>>): Secrets {
  return {
    async read(reference) {
      const secret = reference.startsWith('env:')
        ? env[reference.slice('env:'.length)]
        : await readBeginning(reference.slice('file:'.length));
      if (secret !== undefined && secret.trim() !== '') return secret.trim();
      throw new OpsError(
        'unavailable',
        `the secret ${reference} is not there where the worker runs; set it there`,
      );
    },
  };
}

async function readBeginning(path: string): Promise<string | undefined> {
  // A pipe without a writer must not be waited for.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (file === null) return undefined;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(longest), 0, longest, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}
