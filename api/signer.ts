import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { OpsError } from '../domain/errors.ts';

export interface Signer {
  /** First 16 hex digits of the sha256 of the public key. */
  readonly keyId: string;
  /** PEM; whoever verifies keeps it. */
  readonly publicKey: string;
  /** Ed25519, as base64. */
  sign(text: string): string;
}

/** Signs with the key of a PEM file. Throws `invalid-input` that names the file when it cannot be used. */
export function openSigner(file: string): Signer {
  const key = privateKeyOf(file);
  const publicKey = createPublicKey(key);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return {
    keyId: createHash('sha256').update(der).digest('hex').slice(0, 16),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64'),
  };
}

function privateKeyOf(file: string): KeyObject {
  try {
    const key = createPrivateKey(readFileSync(file));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // The cause is left out: it may repeat a part of the file.
  }
  throw new OpsError('invalid-input', `${file} holds no Ed25519 private key in PEM`);
}
