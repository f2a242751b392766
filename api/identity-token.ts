import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import type { Db } from '../db/connect.ts';
import { rolesOf } from '../db/access/member.ts';
import { inEveryProject } from '../db/scope.ts';
import { OpsError } from '../domain/errors.ts';
import type { VerifyToken } from './auth.ts';

export interface IdentityProvider {
  readonly issuer: string;
  /** What the tokens must be meant for. */
  readonly audience: string;
}

/** Only signatures that a provider makes with a private key: never `none`, never a shared secret. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const clockToleranceSeconds = 30;

/**
 * Verifies tokens of one OpenID provider. Its keys come from where its discovery document says, over HTTPS or loopback, and are
 * fetched again when a token names a new one. What the person may do is what its membership says, never what the
 * token says; its claim `groups` counts only where an admin made it a group of approvers.
 */
export function createTokenVerifier(db: Db, { issuer, audience }: IdentityProvider): VerifyToken {
  let keys: ReturnType<typeof createRemoteJWKSet> | null = null;

  async function keySet(): Promise<ReturnType<typeof createRemoteJWKSet>> {
    keys ??= createRemoteJWKSet(new URL(await jwksUri(issuer)), { timeoutDuration: 5000 });
    return keys;
  }

  return async (token) => {
    const { sub, email, email_verified: isVerified, groups } = await verified(token);
    // A verified address is how people are named in memberships; else the provider's own id of them, which nobody else can have.
    const id = typeof email === 'string' && isVerified === true ? email : `${issuer}#${sub ?? ''}`;
    const claims = Array.isArray(groups)
      ? groups.filter((group) => typeof group === 'string').slice(0, 200)
      : [];
    return {
      id,
      kind: 'person',
      keyId: null,
      roles: await inEveryProject(() => rolesOf(db, id)),
      scopes: null,
      project: null,
      claims,
    };
  };

  async function verified(token: string): Promise<JWTPayload> {
    const options = {
      issuer,
      audience,
      algorithms,
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['exp', 'sub'],
    };
    try {
      return (await jwtVerify(token, await keySet(), options)).payload;
    } catch (error) {
      throw refusal(error, issuer);
    }
  }
}

async function jwksUri(issuer: string): Promise<string> {
  const url = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(5000) });
  const { issuer: said, jwks_uri: uri } = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
  if (said !== issuer || typeof uri !== 'string')
    throw new Error(`${url.href} is not of the issuer ${issuer}`);
  return uri;
}

function refusal(error: unknown, issuer: string): OpsError {
  if (error instanceof errors.JWTExpired) return unauthenticated('the token has expired; sign in again');
  if (error instanceof errors.JWTClaimValidationFailed) {
    return unauthenticated(`the token is not for this installation: its claim "${error.claim}" does not fit`);
  }
  const isOfToken =
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    error.code !== 'ERR_JOSE_GENERIC';
  if (isOfToken) return unauthenticated('the token is not one that the identity provider signed');
  return new OpsError('unavailable', `the identity provider ${issuer} does not answer`, {}, error);
}

function unauthenticated(message: string): OpsError {
  return new OpsError('unauthenticated', message);
}
