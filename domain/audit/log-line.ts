import type { Sha256 } from './bytes.ts';
import type { VerifyEd25519 } from './note.ts';

/** A sealed entry as it was exported. */
export interface SealedLine {
  readonly kind: 'sealed';
  readonly seq: number;
  readonly entry: string;
  /** null when the entry of the seal is gone. */
  readonly bytes: Uint8Array | null;
  readonly prev: Uint8Array;
  readonly hash: Uint8Array;
  /** null when there is none, or when it was erased. */
  readonly personal: { readonly salt: Uint8Array; readonly data: Uint8Array } | null;
}

/** What an export holds, line for line. */
export type LogLine =
  | SealedLine
  | { readonly kind: 'waiting'; readonly entry: string; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'malformed'; readonly detail: string };

/** What a verification reaches out for. */
export interface VerifyTools {
  readonly sha256: Sha256;
  readonly verifyEd25519: VerifyEd25519;
  /** Milliseconds since 1970 of an RFC 3339 text. */
  readonly timeOf: (text: string) => number;
  readonly nowMs: number;
  /** How much older than its predecessor, or younger than now, an entry may be. */
  readonly clockBoundMs: number;
  /** How long an entry may wait for its seal. */
  readonly sealBoundMs: number;
}
