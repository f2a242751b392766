import { sql, type Transaction } from 'kysely';
import type {
  DesiredBackend,
  DesiredState,
  Proxy,
  ProxyReport,
  ProxyReportAnswer,
  Trip,
} from '../contracts/proxy.ts';
import type { Db } from './connect.ts';
import type { Database } from './schema.ts';
import { insertSamples } from './server-sample.ts';
import { lockTarget, makeTargetSafe } from './traffic-target.ts';

/** What an agent last said; its samples are stored apart. */
export type StoredReport = Omit<ProxyReport, 'samples' | 'trips'>;

/** What the agent is to bring about, with each lease as it stands now. A proxy nobody acts on has revision 0. */
export async function desiredState(db: Db, proxy: string): Promise<DesiredState> {
  const { rows } = await sql<DesiredRow>`
    select p.revision, t.backend, t.token, t.split,
      greatest(0, extract(epoch from t.lease_until - clock_timestamp()) * 1000)::integer as lease
    from proxy p left join traffic_target t on t.proxy = p.name
    where p.name = ${proxy} order by t.backend`.execute(db);
  return {
    revision: rows[0]?.revision ?? 0,
    backends: rows.flatMap((row) => (row.backend === null ? [] : [toDesired(row)])),
  };
}

export async function desiredRevision(db: Db, proxy: string): Promise<number> {
  const row = await db.selectFrom('proxy').select('revision').where('name', '=', proxy).executeTakeFirst();
  return row?.revision ?? 0;
}

/** Stores a report, its samples and its trips. Idempotent: samples and trips that are known already change nothing. */
export async function recordReport(db: Db, proxy: string, report: ProxyReport): Promise<ProxyReportAnswer> {
  const { samples, trips, ...rest } = report;
  await insertSamples(db, proxy, samples);
  await db
    .insertInto('proxy')
    .values({ name: proxy, revision: 0, last_seen: sql`clock_timestamp()`, report: JSON.stringify(rest) })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ last_seen: sql`clock_timestamp()`, report: JSON.stringify(rest) }),
    )
    .execute();
  if (trips.length > 0) await adoptTrips(db, proxy, trips);
  return {
    revision: await desiredRevision(db, proxy),
    leases: await leasesOf(db, proxy),
    acknowledgedTrips: trips.map(({ backend, token }) => ({ backend, token })),
  };
}

/** Every proxy that was ever heard, by name. */
export async function listProxies(db: Db): Promise<Proxy[]> {
  const rows = await db
    .selectFrom('proxy')
    .select(['name', 'last_seen', 'report'])
    .where('last_seen', 'is not', null)
    .orderBy('name')
    .execute();
  return rows.flatMap((row) => {
    if (row.last_seen === null || row.report === null) return [];
    const { reachable, stopped, configError, haproxyVersion, backends } =
      row.report as unknown as StoredReport;
    const lastSeen = row.last_seen.toISOString();
    return [{ name: row.name, lastSeen, reachable, stopped, configError, haproxyVersion, backends }];
  });
}

/** The last report and its age by Postgres' clock; undefined when the agent was never heard. */
export async function readReport(
  db: Db,
  proxy: string,
): Promise<{ readonly silentMs: number; readonly report: StoredReport } | undefined> {
  const row = await db
    .selectFrom('proxy')
    .select('report')
    .select(sql<number>`(extract(epoch from clock_timestamp() - last_seen) * 1000)::float8`.as('silentMs'))
    .where('name', '=', proxy)
    .where('last_seen', 'is not', null)
    .executeTakeFirst();
  if (!row?.report) return undefined;
  return { silentMs: row.silentMs, report: row.report as unknown as StoredReport };
}

interface DesiredRow {
  readonly revision: number;
  readonly backend: string | null;
  readonly token: number;
  readonly split: Pick<DesiredBackend, 'stable' | 'canary'> & { readonly servers: DesiredBackend['servers'] };
  readonly lease: number | null;
}

function toDesired(row: DesiredRow): DesiredBackend {
  const { servers, stable, canary } = row.split;
  const leaseMs = canary === null ? null : row.lease;
  return { backend: row.backend ?? '', token: row.token, servers, stable, canary, leaseMs };
}

/**
 * Follows an agent that took a canary off by itself: the target becomes safe under a new token, which the caller of the old one
 * finds out. Only what is still on trial is taken off: a split without a canary was decided on a verdict, not on a lease.
 */
async function adoptTrips(db: Db, proxy: string, trips: readonly Trip[]): Promise<void> {
  const ordered = trips.toSorted((a, b) => a.backend.localeCompare(b.backend));
  await db.transaction().execute(async (trx) => {
    for (const trip of ordered) await adoptTrip(trx, proxy, trip);
  });
}

async function adoptTrip(trx: Transaction<Database>, proxy: string, trip: Trip): Promise<void> {
  const found = await trx
    .selectFrom('traffic_target')
    .select(['project', 'service'])
    .where('proxy', '=', proxy)
    .where('backend', '=', trip.backend)
    .executeTakeFirst();
  if (!found) return;
  const key = { ...found, proxy, backend: trip.backend };
  const row = await lockTarget(trx, key);
  const { cause, reason, token } = trip;
  if (!row || token > row.token || !(await isNewTrip(trx, proxy, trip))) return;
  if (row.split.canary !== null) {
    await makeTargetSafe(trx, key, row, { cause, reason, token });
  }
}

async function isNewTrip(trx: Transaction<Database>, proxy: string, trip: Trip): Promise<boolean> {
  const result = await trx
    .updateTable('traffic_target')
    .set({ trip_token: trip.token })
    .where('proxy', '=', proxy)
    .where('backend', '=', trip.backend)
    .where('trip_token', '<', trip.token)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

async function leasesOf(db: Db, proxy: string): Promise<ProxyReportAnswer['leases']> {
  return db
    .selectFrom('traffic_target')
    .select(['backend', 'token'])
    .select(
      sql<number>`greatest(0, extract(epoch from lease_until - clock_timestamp()) * 1000)::integer`.as(
        'remainingMs',
      ),
    )
    .where('proxy', '=', proxy)
    .where('lease_until', 'is not', null)
    .execute();
}
