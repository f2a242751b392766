import type { FastifyRequest } from 'fastify';
import { findKeys, touchKeys, type KeyFinding } from '../db/access/api-key.ts';
import { keyRecordOf, type KeyRecord } from '../db/access/secret.ts';
import type { Db } from '../db/connect.ts';
import { inEveryProject } from '../db/scope.ts';
import type { Notifications } from '../db/notifications.ts';
import type { Principal } from '../domain/access/roles.ts';
import { OpsError } from '../domain/errors.ts';
import { askTogether } from './ask-together.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, verified; null on routes that everybody may call. */
    principal: Principal | null;
  }
}

/** Verifies a token of an identity provider; answers who it is, or throws `unauthenticated`. */
export type VerifyToken = (token: string) => Promise<Principal>;

/** A key is looked up again after this time at the latest; a revoked one is forgotten at once by notification. */
const rememberMs = 5000;
const rememberAtMost = 10_000;
const touchEveryMs = 60_000;
const touchTogetherMs = 500;

interface Remembered {
  readonly principal: Principal;
  readonly until: number;
}

/** Answers who sent a request, by its bearer key or token. Throws `unauthenticated`, with the remedy and never with the key. */
export function createAuthentication(
  { db, notifications }: { db: Db; notifications: Pick<Notifications, 'on'> },
  verifyToken: VerifyToken | null,
  onRefusal: (request: FastifyRequest) => Promise<void>,
): (request: FastifyRequest) => Promise<Principal> {
  const known = new Map<string, Remembered>();
  // The agents of a whole fleet come at one moment, each with a key of its own.
  const find = askTogether((records: readonly KeyRecord[]) => findKeys(db, records));
  const touch = createTouch(db);
  notifications.on('access', () => known.clear());

  async function byKey(secret: string): Promise<Principal> {
    const record = keyRecordOf(secret);
    if (record === null) throw refused('is not whole: copy it again');
    const name = record.hash.toString('base64');
    const remembered = known.get(name);
    if (remembered !== undefined && remembered.until > Date.now()) return remembered.principal;
    const finding: KeyFinding = (await inEveryProject(() => find(record))) ?? { kind: 'unknown' };
    if (finding.kind !== 'valid') throw refused(whyRefused[finding.kind]);
    const ends = finding.expiresAt?.getTime() ?? Infinity;
    if (known.size >= rememberAtMost) known.clear();
    known.set(name, { principal: finding.principal, until: Math.min(Date.now() + rememberMs, ends) });
    touch(finding.principal.keyId ?? '');
    return finding.principal;
  }

  return async (request) => {
    try {
      return await identify(request);
    } catch (error) {
      if (error instanceof OpsError && error.code === 'unauthenticated') await onRefusal(request);
      throw error;
    }
  };

  async function identify(request: FastifyRequest): Promise<Principal> {
    const credential = bearerOf(request);
    if (credential.startsWith('hf_')) return byKey(credential);
    if (verifyToken === null)
      throw refused('is no key of this installation, and no identity provider is configured');
    return verifyToken(credential);
  }
}

/** Beside the request: when a key was last used is not worth anybody's waiting. What comes together is noted together. */
function createTouch(db: Db): (id: string) => void {
  const touchedAt = new Map<string, number>();
  const due = new Set<string>();

  function flush(): void {
    const ids = [...due];
    due.clear();
    inEveryProject(() => touchKeys(db, ids)).catch(() => ids.forEach((id) => touchedAt.delete(id)));
  }

  return (id) => {
    if (Date.now() - (touchedAt.get(id) ?? 0) < touchEveryMs) return;
    if (touchedAt.size >= rememberAtMost) touchedAt.clear();
    touchedAt.set(id, Date.now());
    due.add(id);
    if (due.size === 1) setTimeout(flush, touchTogetherMs).unref();
  };
}

const whyRefused: Readonly<Record<Exclude<KeyFinding['kind'], 'valid'>, string>> = {
  unknown: 'is not known here',
  revoked: 'was revoked',
  expired: 'has expired',
};

function bearerOf(request: FastifyRequest): string {
  const { authorization } = request.headers;
  if (authorization === undefined) {
    throw new OpsError(
      'unauthenticated',
      'send "Authorization: Bearer KEY"; holdfast up writes the first key to keys/admin in its home',
    );
  }
  const credential = /^Bearer ([!-~]{1,8192})$/i.exec(authorization)?.[1];
  if (credential === undefined)
    throw new OpsError('unauthenticated', 'the header Authorization is not "Bearer KEY"');
  return credential;
}

function refused(why: string): OpsError {
  return new OpsError(
    'unauthenticated',
    `the key ${why}; an admin of the project makes one: holdfast keys create`,
  );
}

/** The id of who asks; for rows and audit. */
export function principalOf(request: FastifyRequest): string {
  return requirePrincipal(request).id;
}

export function requirePrincipal(request: FastifyRequest): Principal {
  if (request.principal === null) throw new OpsError('unauthenticated', 'nobody is asking');
  return request.principal;
}
