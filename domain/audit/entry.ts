import { canonicalJson } from '../canonical-json.ts';
import { concat, toHex, toUtf8, type Sha256 } from './bytes.ts';

/** Which attempt of which activity acted; entries that a workflow made carry it. */
export interface Actor {
  readonly workflow: string;
  readonly run: string;
  readonly activity: string;
  readonly attempt: number;
}

/** What the chain holds of an entry, as canonical JSON. */
export interface AuditBody {
  /** 1: names of people stand in the entry; 2: they are among the personal data. */
  readonly v: 1 | 2;
  readonly id: string;
  readonly project: string;
  /** RFC 3339 with milliseconds. */
  readonly at: string;
  readonly principal: string;
  /** Stable name, such as canary-rollout.start. */
  readonly action: string;
  readonly subject: string;
  readonly operation: string | null;
  readonly by?: Actor;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Salted digest of the personal data kept apart. */
  readonly personal?: string;
}

export function entryBytes(body: AuditBody): Uint8Array {
  return toUtf8(canonicalJson(wellFormed(body)));
}

/** Without the salt nobody can tell by trying what was erased. */
export function personalDigest(sha256: Sha256, salt: Uint8Array, data: Uint8Array): string {
  return `sha256:${toHex(sha256(concat(salt, data)))}`;
}

/** What people typed is kept even where it is no text: half a surrogate pair becomes U+FFFD. */
export function wellFormed<T>(value: T): T {
  if (typeof value === 'string') return value.toWellFormed() as T;
  if (Array.isArray(value)) return value.map((item: unknown) => wellFormed(item)) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.toWellFormed(), wellFormed<unknown>(member)]),
  ) as T;
}
