import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Proof, SignatureProof, TokenProof } from '../../domain/feedback/connectors/connector.ts';

export interface Claim {
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body byte by byte as it came. */
  readonly raw: Buffer;
  readonly secret: string;
  /** Milliseconds. */
  readonly now: number;
}

/** Why a delivery does not prove that its sender knows the secret; null: it does. Compares in constant time. */
export function proofFault(proof: Proof, claim: Claim): string | null {
  switch (proof.kind) {
    case 'signature':
      return signatureFault(proof, claim);
    case 'token':
      return tokenFault(proof, claim);
  }
}

function signatureFault(
  { header, prefix, before, timestamp }: SignatureProof,
  { headers, raw, secret, now }: Claim,
): string | null {
  const given = headers[header];
  if (given === undefined)
    return `the header ${header} is missing: set the secret where the webhook is set up`;
  const at = timestamp === null ? '' : (headers[timestamp.header] ?? '');
  const seconds = /^\d{1,12}$/.test(at) ? Number(at) : NaN;
  if (timestamp !== null && !(Math.abs(now / 1000 - seconds) <= timestamp.windowSeconds))
    return `the header ${timestamp.header} is not a time within ${timestamp.windowSeconds} s from now`;
  const signed = createHmac('sha256', secret).update(before(at)).update(raw).digest('hex');
  return isEqual(given, `${prefix}${signed}`) ? null : `the signature in ${header} does not fit`;
}

function tokenFault({ headers: names }: TokenProof, { headers, secret }: Claim): string | null {
  const given = [...names.flatMap((name) => headers[name] ?? []), ...authorizationOf(headers)];
  if (given.length === 0)
    return `the token is missing: send it as "Authorization: Bearer TOKEN"${names.map((name) => ` or in ${name}`).join('')}`;
  return given.filter((token) => isEqual(token, secret)).length > 0 ? null : 'the token does not fit';
}

/** As a bearer token, or as what a person types who is asked for user and password: the password alone, or both with a colon. */
function authorizationOf({ authorization = '' }: Claim['headers']): string[] {
  const [, scheme = '', value = ''] = /^(bearer|basic) ([!-~]{1,8192})$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return value === '' ? [] : [value];
  const pair = Buffer.from(value, 'base64').toString('utf8');
  return [pair, pair.slice(pair.indexOf(':') + 1)];
}

/** Digests have one length, so that not even the length is told by the time it takes. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
