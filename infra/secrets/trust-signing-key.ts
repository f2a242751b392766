import { createPublicKey } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Lets an agent take what is signed with a key. The keys that are there stay, for others may sign as well. Idempotent. */
export async function trustSigningKey(publicKeyFile: string, trustedKeys: string): Promise<void> {
  const key = await readFile(publicKeyFile, 'utf8');
  const present = await readOr(trustedKeys);
  if (holdsKey(present, key)) return;
  await mkdir(dirname(trustedKeys), { recursive: true });
  const before = present === '' || present.endsWith('\n') ? present : `${present}\n`;
  // Whole or not at all: the agent reads it whenever a configuration comes.
  await writeFile(`${trustedKeys}.${process.pid}`, `${before}${key}`, { mode: 0o644 });
  await rename(`${trustedKeys}.${process.pid}`, trustedKeys);
}

/** Whether the public keys of a file, one PEM block after another, hold this one, however it is written. */
export function holdsKey(trusted: string, key: string): boolean {
  const wanted = derOf(key);
  return (trusted.match(pem) ?? []).some((block) => wanted !== null && derOf(block) === wanted);
}

const pem = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

function derOf(key: string): string | null {
  try {
    return createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
  } catch {
    return null;
  }
}

function readOr(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return '';
  });
}
