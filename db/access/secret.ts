import { createHash, randomBytes } from 'node:crypto';

/** What of a key's secret may be kept: the part it is found by, and the hash of the whole. */
export interface KeyRecord {
  readonly prefix: string;
  readonly hash: Buffer;
}

const shape = /^(hf_[0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

/** `hf_` + 12 public hex digits + `_` + 256 random bits. */
export function newSecret(): string {
  return `hf_${randomBytes(6).toString('hex')}_${randomBytes(32).toString('base64url')}`;
}

/** null when it is no key of ours. A plain sha256 is enough: nobody guesses 256 random bits. */
export function keyRecordOf(secret: string): KeyRecord | null {
  const prefix = shape.exec(secret)?.[1];
  if (prefix === undefined) return null;
  return { prefix, hash: createHash('sha256').update(secret).digest() };
}
