import { timingSafeEqual } from 'node:crypto';
import { sql } from 'kysely';
import type { ApiKey } from '../../contracts/access.ts';
import type { Principal, Role } from '../../domain/access/roles.ts';
import { OpsError } from '../../domain/errors.ts';
import { audit, type AuditEntry } from '../audit.ts';
import type { Db } from '../connect.ts';
import type { KeyRecord } from './secret.ts';

/** What the database knows of a presented key. */
export type KeyFinding =
  | { readonly kind: 'valid'; readonly principal: Principal; readonly expiresAt: Date | null }
  | { readonly kind: 'unknown' | 'revoked' | 'expired' };

/** Finds keys and all that their principals may do, in one statement. Hashes are compared in constant time. */
export async function findKeys(
  db: Db,
  presented: readonly KeyRecord[],
): Promise<ReadonlyMap<KeyRecord, KeyFinding>> {
  const prefixes = [...new Set(presented.map(({ prefix }) => prefix))];
  const { rows } = await sql<KeyRow>`/* prepared */
    select k.id, k.prefix, k.hash, k.principal, k.project, k.scopes, k.expires_at, k.revoked_at, p.kind, (
      select jsonb_object_agg(own.project, own.roles) from (
        select m.project, jsonb_agg(m.role order by m.role) as roles from membership m
        where m.principal = k.principal group by m.project
      ) own
    ) as roles
    from unnest(${prefixes}::text[]) as asked (prefix) join api_key k on k.prefix = asked.prefix
    join principal p on p.id = k.principal`.execute(db);
  const byPrefix = new Map(rows.map((row) => [row.prefix, row]));
  return new Map(presented.map((record) => [record, findingOf(record, byPrefix.get(record.prefix))]));
}

interface KeyRow extends KeyRecord {
  readonly id: string;
  readonly principal: string;
  readonly project: string;
  readonly scopes: string[] | null;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  readonly kind: Principal['kind'];
  readonly roles: Record<string, Role[]> | null;
}

function findingOf(presented: KeyRecord, row: KeyRow | undefined): KeyFinding {
  if (row === undefined || !timingSafeEqual(row.hash, presented.hash)) return { kind: 'unknown' };
  if (row.revoked_at !== null && row.revoked_at <= new Date()) return { kind: 'revoked' };
  if (row.expires_at !== null && row.expires_at <= new Date()) return { kind: 'expired' };
  const principal: Principal = {
    id: row.principal,
    kind: row.kind,
    keyId: row.id,
    roles: row.roles ?? {},
    scopes: row.scopes,
    project: row.project === '*' ? null : row.project,
  };
  return { kind: 'valid', principal, expiresAt: earlier(row.expires_at, row.revoked_at) };
}

function earlier(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}

/** Notes that keys were used; the API names each at most once a minute. One that is being changed meanwhile is left for the next time. */
export async function touchKeys(db: Db, ids: readonly string[]): Promise<void> {
  await sql`/* prepared */ update api_key set last_used_at = clock_timestamp() where id in (
    select id from api_key where id = any(${ids}::text[]) for update skip locked)`.execute(db);
}

export interface NewKey extends KeyRecord {
  readonly id: string;
  readonly project: string;
  readonly principal: string;
  readonly name: string;
  readonly scopes: readonly string[] | null;
  readonly expiresAt: Date | null;
  readonly by: string;
}

/** Writes a key and its audit entry. Throws `not-found` when its principal is nothing in the project. */
export async function insertKey(db: Db, key: NewKey): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const member = await tx
      .selectFrom('membership')
      .select('principal')
      .where('principal', '=', key.principal)
      .where('project', 'in', [key.project, '*'])
      .executeTakeFirst();
    if (member === undefined) {
      throw new OpsError(
        'not-found',
        `${key.principal} is nothing in project ${key.project}; first: holdfast members set ${key.principal} --role viewer|operator|approver|admin`,
        { errors: [{ pointer: '/principal', detail: 'is not a member' }] },
      );
    }
    await tx.insertInto('api_key').values(rowOf(key)).execute();
    await audit(tx, entryOf(key, 'api-key.create', { prefix: key.prefix, scopes: key.scopes }, key.name));
  });
}

function rowOf(key: NewKey) {
  return {
    id: key.id,
    project: key.project,
    principal: key.principal,
    name: key.name,
    prefix: key.prefix,
    hash: key.hash,
    scopes: key.scopes === null ? null : JSON.stringify(key.scopes),
    created_by: key.by,
    expires_at: key.expiresAt,
    last_used_at: null,
    revoked_at: null,
  };
}

function entryOf(
  key: { project: string; principal: string; by: string },
  action: string,
  detail: Record<string, unknown>,
  name: string | null = null,
): AuditEntry {
  return {
    project: key.project,
    principal: key.by,
    action,
    subject: key.principal,
    isAboutPerson: true,
    operationId: null,
    detail,
    // What a key is called often says whose it is.
    personal: { name },
  };
}

/** Revokes a key from `at` on. Answers false when there is no such key in the project. Every API process forgets it at once. */
export async function revokeKey(
  db: Db,
  key: { id: string; project: string; by: string; at: Date },
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .updateTable('api_key')
      .set({ revoked_at: sql<Date>`least(revoked_at, ${key.at})` })
      .where('id', '=', key.id)
      .where('project', '=', key.project)
      .returning(['principal', 'prefix'])
      .executeTakeFirst();
    if (row === undefined) return false;
    const detail = { prefix: row.prefix, from: key.at.toISOString() };
    await audit(tx, entryOf({ ...key, principal: row.principal }, 'api-key.revoke', detail));
    await forgetKeys(tx);
    return true;
  });
}

/** A new secret for the same purpose; the old one works until `oldUntil`. */
export async function rotateKey(
  db: Db,
  rotation: KeyRecord & { id: string; newId: string; project: string; by: string; oldUntil: Date },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const old = await tx
      .selectFrom('api_key')
      .selectAll()
      .where('id', '=', rotation.id)
      .where('project', '=', rotation.project)
      .forUpdate()
      .executeTakeFirst();
    if (old === undefined) throw new OpsError('not-found', `there is no key ${rotation.id}`);
    if (old.revoked_at !== null) {
      throw new OpsError(
        'conflict',
        `the key ${rotation.id} is revoked or was rotated already; create another`,
      );
    }
    const next = {
      id: rotation.newId,
      project: old.project,
      principal: old.principal,
      name: old.name,
      prefix: rotation.prefix,
      hash: rotation.hash,
      scopes: old.scopes,
      expiresAt: old.expires_at,
      by: rotation.by,
    };
    await tx.insertInto('api_key').values(rowOf(next)).execute();
    await tx
      .updateTable('api_key')
      .set({ revoked_at: rotation.oldUntil })
      .where('id', '=', rotation.id)
      .execute();
    const detail = { old: old.prefix, new: next.prefix, oldUntil: rotation.oldUntil.toISOString() };
    await audit(tx, entryOf(next, 'api-key.rotate', detail));
    await forgetKeys(tx);
  });
}

/** Every API process drops what it remembers of keys and members, once this transaction commits. */
export async function forgetKeys(tx: Db): Promise<void> {
  await sql`select pg_notify('access', '')`.execute(tx);
}

/** The keys of a project, newest first. */
export async function listKeys(db: Db, project: string): Promise<ApiKey[]> {
  const rows = await keys(db).where('project', '=', project).orderBy('id', 'desc').limit(500).execute();
  return rows.map(shown);
}

export async function requireKey(db: Db, project: string, id: string): Promise<ApiKey> {
  const row = await keys(db).where('project', '=', project).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw new OpsError('not-found', `there is no key ${id}`);
  return shown(row);
}

function keys(db: Db) {
  return db
    .selectFrom('api_key')
    .select(['id', 'principal', 'name', 'prefix', 'scopes', 'created_by'])
    .select(['created_at', 'expires_at', 'last_used_at', 'revoked_at']);
}

function shown(row: Awaited<ReturnType<ReturnType<typeof keys>['execute']>>[number]): ApiKey {
  return {
    id: row.id,
    principal: row.principal,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  };
}
