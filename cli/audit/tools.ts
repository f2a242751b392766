import { createPublicKey, hash, verify } from 'node:crypto';
import type { VerifyTools } from '../../domain/audit/log-line.ts';

/** What a verification reaches out for, from Node alone. */
export function verifyTools(nowMs: number): VerifyTools {
  return {
    sha256,
    verifyEd25519,
    timeOf: (text) => Date.parse(text),
    nowMs,
    clockBoundMs: 300_000,
    sealBoundMs: 60_000,
  };
}

export function sha256(data: Uint8Array): Uint8Array {
  return hash('sha256', data, 'buffer');
}

export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, message, key, signature);
}
