import { sql, type Transaction } from 'kysely';
import { safeServers } from '../domain/safe-split.ts';
import { audit } from './audit.ts';
import { refuseWhileReconfiguring } from './config-rollout/reconfiguration.ts';
import type { Db } from './connect.ts';
import type { Database, StoredSplit } from './schema.ts';

export interface TargetKey {
  readonly project: string;
  readonly service: string;
  readonly proxy: string;
  readonly backend: string;
}

export interface TargetRow {
  readonly token: number;
  readonly owner: string | null;
  readonly split: StoredSplit;
  readonly changeId: string | null;
  readonly tripped: { readonly cause: string; readonly reason: string; readonly token: number } | null;
  readonly leaseExpired: boolean;
}

/** Why a compare-and-set did not happen. */
export type Refusal = 'fenced' | 'stopped' | 'tripped' | 'reconfiguring';
export type ChangeResult =
  | { readonly ok: true; readonly token: number }
  | { readonly ok: false; readonly reason: Refusal; readonly detail: string };
export type AcquireResult =
  | { readonly ok: true; readonly row: TargetRow }
  | { readonly ok: false; readonly reason: 'conflict' | 'stopped'; readonly detail: string };

export const nothingOnTrial: StoredSplit = { servers: [], stable: null, canary: null, leaseMs: null };

/**
 * Makes `owner` the owner, clears an old trip and takes off a canary that nobody watches any more. The owner asking again
 * changes nothing. Refused while another operation that is not closed owns it, or while a stop holds.
 */
export async function acquireTarget(db: Db, key: TargetKey, owner: string): Promise<AcquireResult> {
  return db.transaction().execute(async (trx) => {
    const row = await lockTarget(trx, key);
    if (row?.owner === owner) return { ok: true, row };
    if (row?.owner && (await isOpen(trx, row.owner))) {
      return { ok: false, reason: 'conflict', detail: row.owner };
    }
    const stopped = await stopReason(trx, key);
    if (stopped !== null) return { ok: false, reason: 'stopped', detail: stopped };
    const split = toSafe(row?.split ?? nothingOnTrial);
    await write(trx, key, 'acquire', { owner, split, changeId: null, tripped: null });
    const acquired = await readRow(trx, key);
    if (!acquired)
      throw new Error(`traffic target ${key.proxy}/${key.backend} vanished in its own transaction`);
    return { ok: true, row: acquired };
  });
}

/** Compare-and-set on token and owner; nothing is raised during a reload. The same change id again gets the first result. */
export async function setSplit(
  db: Db,
  change: { key: TargetKey; owner: string; token: number; changeId: string; split: StoredSplit },
): Promise<ChangeResult> {
  const { key, owner, token, changeId, split } = change;
  return db.transaction().execute(async (trx) => {
    const row = await lockTarget(trx, key);
    if (!row || row.owner !== owner) return fenced(row, owner);
    if (row.changeId === changeId) return { ok: true, token: row.token };
    const held = await refusal(trx, key, row);
    if (held) return held;
    if (row.token !== token) return fenced(row, owner, token);
    const busy = await refuseWhileReconfiguring(trx, key.proxy, row.split, split);
    if (busy) return busy;
    return { ok: true, token: await write(trx, key, 'set', { owner, split, changeId, tripped: null }) };
  });
}

/** Towards stable only, so neither token nor stop is in its way: for the owner, and for anybody when there is no owner. */
export async function restoreSplit(
  db: Db,
  change: { key: TargetKey; owner: string; changeId: string; split: StoredSplit },
): Promise<ChangeResult> {
  const { key, owner, changeId, split } = change;
  return db.transaction().execute(async (trx) => {
    const row = await lockTarget(trx, key);
    if (row && row.owner !== null && row.owner !== owner) return fenced(row, owner);
    if (row?.changeId === changeId) return { ok: true, token: row.token };
    const values = { owner: row?.owner ?? null, split: toStable(split), changeId };
    const tripped = row?.tripped ?? null;
    return { ok: true, token: await write(trx, key, 'restore', { ...values, tripped }) };
  });
}

/** Extends the lease from now by Postgres' clock; no revision, because the agent hears of it in the answer to its report. */
export async function renewLease(
  db: Db,
  renewal: { key: TargetKey; owner: string; token: number; leaseMs: number },
): Promise<ChangeResult> {
  const { key, owner, token, leaseMs } = renewal;
  return db.transaction().execute(async (trx) => {
    const row = await readRow(trx, key, 'lock');
    if (!row || row.owner !== owner) return fenced(row, owner);
    const held = await refusal(trx, key, row);
    if (held) return held;
    if (row.token !== token) return fenced(row, owner, token);
    if (row.split.canary !== null) {
      await where(trx, key)
        .set({ lease_until: sql`clock_timestamp() + ${leaseMs} * interval '1 millisecond'` })
        .execute();
    }
    return { ok: true, token };
  });
}

/** Gives the target up; a canary without an owner would be judged by nobody, so it is taken off. */
export async function releaseTarget(db: Db, key: TargetKey, owner: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const row = await lockTarget(trx, key);
    if (!row || row.owner !== owner) return;
    if (row.split.canary === null) await where(trx, key).set({ owner: null }).execute();
    else
      await write(trx, key, 'release', {
        owner: null,
        split: toSafe(row.split),
        changeId: null,
        tripped: row.tripped,
      });
  });
}

export async function readTarget(db: Db, key: TargetKey): Promise<TargetRow | undefined> {
  return readRow(db, key);
}

/** Why nothing may move but towards stable: an emergency stop of the service or the project, or a local stop at the proxy. */
export async function stopReason(db: Db, key: TargetKey): Promise<string | null> {
  const stop = await db
    .selectFrom('emergency_stop')
    .select(['service', 'reason', 'stopped_by'])
    .where('project', '=', key.project)
    .where('service', 'in', [key.service, '*'])
    .orderBy('service')
    .executeTakeFirst();
  if (stop) return `emergency stop of ${describe(stop.service)} by ${stop.stopped_by}: ${stop.reason}`;
  const proxy = await db
    .selectFrom('proxy')
    .select(sql<string | null>`report->>'stopped'`.as('stopped'))
    .where('name', '=', key.proxy)
    .executeTakeFirst();
  return proxy?.stopped ? `local stop at proxy ${key.proxy}: ${proxy.stopped}` : null;
}

/** Makes a target safe under a new token, inside the caller's transaction. */
export async function makeTargetSafe(
  trx: Transaction<Database>,
  key: TargetKey,
  row: TargetRow,
  tripped: TargetRow['tripped'],
): Promise<number> {
  return write(trx, key, 'make-safe', {
    owner: row.owner,
    split: toSafe(row.split),
    changeId: null,
    tripped,
  });
}

/** Locks the proxy first and the target second, always, so that two changes wait for each other and never deadlock. */
export async function lockTarget(trx: Transaction<Database>, key: TargetKey): Promise<TargetRow | undefined> {
  await trx
    .insertInto('proxy')
    .values({ name: key.proxy, revision: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await trx.selectFrom('proxy').select('name').where('name', '=', key.proxy).forUpdate().execute();
  return readRow(trx, key, 'lock');
}

async function readRow(db: Db, key: TargetKey, lock?: 'lock'): Promise<TargetRow | undefined> {
  const query = db
    .selectFrom('traffic_target')
    .select(['token', 'owner', 'split', 'change_id as changeId', 'tripped'])
    .select(sql<boolean>`coalesce(lease_until <= clock_timestamp(), false)`.as('leaseExpired'))
    .where('proxy', '=', key.proxy)
    .where('backend', '=', key.backend);
  return (lock ? query.forUpdate() : query).executeTakeFirst();
}

/** Every change of the desired state has its audit entry, in the same transaction. */
async function write(
  trx: Transaction<Database>,
  key: TargetKey,
  change: 'acquire' | 'set' | 'restore' | 'release' | 'make-safe',
  values: {
    owner: string | null;
    split: StoredSplit;
    changeId: string | null;
    tripped: TargetRow['tripped'];
  },
): Promise<number> {
  const { split, tripped } = values;
  const lease =
    split.canary === null ? null : sql<Date>`clock_timestamp() + ${split.leaseMs} * interval '1 millisecond'`;
  const columns = {
    project: key.project,
    service: key.service,
    owner: values.owner,
    split: JSON.stringify(split),
    change_id: values.changeId,
    lease_until: lease,
    tripped: tripped && JSON.stringify(tripped),
  };
  const { token } = await trx
    .insertInto('traffic_target')
    .values({ proxy: key.proxy, backend: key.backend, token: 1, ...columns })
    .onConflict((conflict) =>
      conflict
        .columns(['proxy', 'backend'])
        .doUpdateSet({ ...columns, token: sql`traffic_target.token + 1`, updated_at: sql`now()` }),
    )
    .returning('token')
    .executeTakeFirstOrThrow();
  await announce(trx, key.proxy);
  await audit(trx, {
    project: key.project,
    principal: 'holdfast',
    action: `traffic.${change}`,
    subject: key.service,
    operationId: values.owner,
    detail: {
      proxy: key.proxy,
      backend: key.backend,
      token,
      change: values.changeId,
      weights: Object.fromEntries(split.servers.map(({ name, weight }) => [name, weight])),
      tripped: tripped?.cause ?? null,
    },
  });
  return token;
}

async function announce(trx: Transaction<Database>, proxy: string): Promise<void> {
  await trx
    .updateTable('proxy')
    .set({ revision: sql`revision + 1` })
    .where('name', '=', proxy)
    .execute();
  await sql`select pg_notify('desired_state', ${proxy})`.execute(trx);
}

async function refusal(
  trx: Transaction<Database>,
  key: TargetKey,
  row: TargetRow,
): Promise<ChangeResult | null> {
  if (row.tripped) {
    return { ok: false, reason: 'tripped', detail: `${row.tripped.cause}: ${row.tripped.reason}` };
  }
  const stopped = await stopReason(trx, key);
  if (stopped !== null) return { ok: false, reason: 'stopped', detail: stopped };
  if (row.split.canary !== null && row.leaseExpired) {
    return { ok: false, reason: 'tripped', detail: 'lease-lost: it was not renewed in time' };
  }
  return null;
}

async function isOpen(trx: Transaction<Database>, owner: string): Promise<boolean> {
  const operation = await trx
    .selectFrom('operation')
    .select('status')
    .where('id', '=', owner)
    .executeTakeFirst();
  return operation?.status !== 'closed';
}

function where(trx: Transaction<Database>, key: TargetKey) {
  return trx.updateTable('traffic_target').where('proxy', '=', key.proxy).where('backend', '=', key.backend);
}

/** Everything on the stable version and nothing on trial. */
function toSafe(split: StoredSplit): StoredSplit {
  const servers = safeServers(split.servers, split.stable, split.canary);
  return { servers, stable: split.stable, canary: null, leaseMs: null };
}

/** What a caller calls safe is checked by making it so: a restore can never raise anything but the stable version. */
function toStable(split: StoredSplit): StoredSplit {
  if (split.stable !== null) return toSafe(split);
  const servers = split.servers.map((server) => ({ ...server, weight: 0 }));
  return { servers, stable: null, canary: null, leaseMs: null };
}

function fenced(row: TargetRow | undefined, owner: string, token?: number): ChangeResult {
  const wanted = token === undefined ? owner : `${owner} at token ${token}`;
  const found = row ? `${row.owner ?? 'nobody'} at token ${row.token}` : 'nobody';
  return { ok: false, reason: 'fenced', detail: `owned by ${found}, asked by ${wanted}` };
}

function describe(service: string): string {
  return service === '*' ? 'all services' : service;
}
