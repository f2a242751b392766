import type { Report } from '../report.ts';

/** How one kind of source is understood. Pure: whoever calls it has the bytes, the secret and the clock. */
export interface Connector {
  readonly proof: Proof;
  /** What is the same when it is sent again; null: nothing is, the bytes themselves are its name. */
  deliveryId(incoming: Incoming): string | null;
  read(incoming: Incoming): Reading;
}

export interface Incoming {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The parsed JSON; of any shape. */
  readonly body: unknown;
  /** ISO 8601; stands in where the source tells no time. */
  readonly now: string;
}

/** How a sender shows that it knows the secret. */
export type Proof = SignatureProof | TokenProof;

/** HMAC-SHA256 over the bytes of the body, in hex. */
export interface SignatureProof {
  readonly kind: 'signature';
  readonly header: string;
  /** Stands before the hex. */
  readonly prefix: string;
  /** Stands before the body in what is signed. */
  before(timestamp: string): string;
  /** Seconds since 1970 in this header; a delivery that is further than `windowSeconds` from now is refused. null: it has none. */
  readonly timestamp: { readonly header: string; readonly windowSeconds: number } | null;
}

/** The secret itself: in one of these headers, or as a bearer token or basic password. */
export interface TokenProof {
  readonly kind: 'token';
  readonly headers: readonly string[];
}

export type Reading =
  | { readonly kind: 'reports'; readonly reports: readonly Report[] }
  /** Nothing to keep, such as a ping. */
  | { readonly kind: 'ignored' }
  /** To be given back, so that the sender knows whose address this is. */
  | { readonly kind: 'challenge'; readonly challenge: string }
  | { readonly kind: 'refused'; readonly pointer: string; readonly detail: string };

export const ignored: Reading = { kind: 'ignored' };

export function reports(...found: readonly Report[]): Reading {
  return { kind: 'reports', reports: found };
}

/** A report with what most have: an open piece of feedback about nothing in particular. */
export function reportOf(
  parts: Pick<Report, 'externalId' | 'title' | 'createdAt' | 'nature' | 'kind'> & Partial<Report>,
): Report {
  return {
    body: '',
    url: null,
    status: 'open',
    labels: [],
    service: null,
    release: null,
    exception: null,
    clientFingerprint: null,
    updatedAt: parts.createdAt,
    metadata: {},
    ...parts,
  };
}
