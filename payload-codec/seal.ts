import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { PayloadKey } from './keyring.ts';

const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM with a random nonce: nonce, ciphertext, tag. `place` is authenticated with it, so what was sealed for one place does not
 * open in another. With random nonces one key is good for 2^32 payloads (NIST SP 800-38D, 8.3).
 */
export function seal(key: PayloadKey, place: string, clear: Uint8Array): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const sealing = createCipheriv(cipher, key.key, nonce, { authTagLength: tagBytes });
  sealing.setAAD(placeOf(key, place));
  const body = [sealing.update(clear), sealing.final()];
  return Buffer.concat([nonce, ...body, sealing.getAuthTag()]);
}

/** null when it was not sealed with this key for this place, or was changed since. */
export function unseal(key: PayloadKey, place: string, sealed: Uint8Array): Uint8Array | null {
  if (sealed.length < nonceBytes + tagBytes) return null;
  const opening = createDecipheriv(cipher, key.key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  opening.setAAD(placeOf(key, place));
  opening.setAuthTag(sealed.subarray(-tagBytes));
  const body = opening.update(sealed.subarray(nonceBytes, -tagBytes));
  try {
    return Buffer.concat([body, opening.final()]);
  } catch {
    return null;
  }
}

function placeOf({ id }: PayloadKey, place: string): Buffer {
  return Buffer.from(JSON.stringify(['holdfast-payload', 1, id, place]));
}
