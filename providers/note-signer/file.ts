import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { OpsError } from '../../domain/errors.ts';
import type { NoteSigner } from './note-signer.ts';

const name = 'holdfast/audit';

/** Reads an Ed25519 key in PEM. Answers null when there is no file. Throws `invalid-input` for one that others may read. */
export async function readNoteSigner(file: string): Promise<NoteSigner | null> {
  const found = await stat(file).catch(() => null);
  if (found === null) return null;
  if ((found.mode & 0o077) !== 0) {
    throw new OpsError('invalid-input', `others may read the signing key ${file}; chmod 600 ${file}`);
  }
  const key = createPrivateKey(await readFile(file));
  if (key.asymmetricKeyType !== 'ed25519') throw new OpsError('invalid-input', `${file} is no Ed25519 key`);
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return {
    name,
    publicKey: Buffer.from(x, 'base64url'),
    sign: async (message) => sign(null, message, key),
  };
}
