import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';

const pem = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

/** Whether an Ed25519 signature (base64) over a text is that of the key with this id; null when the file has no such key. */
export type VerifySignature = (keyId: string, text: string, signature: string) => boolean | null;

/**
 * Verifies with the public keys in a file, one PEM block after another. A key's id is made from the key itself, as api/signer.ts
 * makes it: no file can give a key another one's name. Read each time, so that a key that was added or taken away counts at once.
 */
export function verifyWithKeysIn(path: string): VerifySignature {
  let known: { readonly text: string; readonly keys: ReadonlyMap<string, KeyObject> } | null = null;
  return (keyId, text, signature) => {
    const file = readOr(path);
    if (known?.text !== file) known = { text: file, keys: keysIn(file) };
    const key = known.keys.get(keyId);
    return key ? verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64')) : null;
  };
}

function keysIn(file: string): ReadonlyMap<string, KeyObject> {
  const keys = (file.match(pem) ?? []).flatMap((block) => {
    try {
      const key = createPublicKey(block);
      return key.asymmetricKeyType === 'ed25519' ? [key] : [];
    } catch {
      return [];
    }
  });
  return new Map(keys.map((key) => [idOf(key), key]));
}

function idOf(key: KeyObject): string {
  const der = key.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
