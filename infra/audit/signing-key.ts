import { generateKeyPairSync, hash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatKey, noteKey } from '../../domain/audit/note.ts';
import { readNoteSigner } from '../../providers/note-signer/file.ts';

/** Makes the key that signs the checkpoints, readable by its owner alone, and its public half beside it. Keeps one that is there. */
export async function ensureSigningKey(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeFile(file, pem, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const signer = await readNoteSigner(file);
  if (signer === null) throw new Error(`${file} went away while it was read`);
  const key = noteKey((data) => hash('sha256', data, 'buffer'), signer.name, signer.publicKey);
  await writeFile(`${file}.pub`, `${formatKey(key)}\n`, { mode: 0o644 });
}
