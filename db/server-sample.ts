import { sql } from 'kysely';
import type { ServerSample, VersionBucket } from '../contracts/proxy.ts';
import type { Db } from './connect.ts';

/** Adds samples of backends that a service has; a second that is known already is left alone, so a batch may come twice. */
export async function insertSamples(db: Db, proxy: string, samples: readonly ServerSample[]): Promise<void> {
  if (samples.length === 0) return;
  await sql`
    insert into server_sample
      (project, proxy, backend, second, server, version, sessions, requests, errors, up, latency)
    select t.project, t.proxy, backend, second, server, version, sessions, requests, errors, up, latency
    from jsonb_to_recordset(${JSON.stringify(samples)}::jsonb) as sample(
      backend text, second bigint, server text, version text, sessions integer, requests integer, errors integer,
      up boolean, latency jsonb
    ) join traffic_target t using (backend)
    where t.proxy = ${proxy}
    on conflict do nothing`.execute(db);
}

/**
 * Counters of each version in the seconds (after, until], oldest first. Those from before the proxy took its configuration into use
 * count nothing, and are there all the same: the reload is a new beginning for a judge, and no silence.
 */
export async function versionBuckets(
  db: Db,
  target: { project: string; proxy: string; backend: string },
  after: number,
  until: number,
): Promise<VersionBucket[]> {
  const rows = await db
    .selectFrom('server_sample')
    .select(['second', 'version', 'sessions', 'requests', 'errors', 'up', 'latency'])
    .select(isBeforeReload(target.proxy).as('isBeforeReload'))
    .where('project', '=', target.project)
    .where('proxy', '=', target.proxy)
    .where('backend', '=', target.backend)
    .where('second', '>', after)
    .where('second', '<=', until)
    .orderBy('second')
    .orderBy('version')
    .execute();
  const buckets = new Map<string, MutableBucket>();
  for (const { isBeforeReload: isOld, ...row } of rows) add(buckets, isOld ? { ...row, ...nothing } : row);
  return [...buckets.values()];
}

const nothing = { sessions: 0, requests: 0, errors: 0, latency: {} };

/** The second in which it was reloaded is one of both, and counts nothing. */
function isBeforeReload(proxy: string) {
  return sql<boolean>`coalesce(second < (
    select extract(epoch from running_since) from config_report where config_report.proxy = ${proxy}), false)`;
}

interface MutableBucket {
  second: number;
  version: string;
  sessions: number;
  requests: number;
  errors: number;
  up: number;
  latency: Record<string, number>;
}

function add(buckets: Map<string, MutableBucket>, row: Omit<MutableBucket, 'up'> & { up: boolean }): void {
  const key = `${row.second}/${row.version}`;
  const bucket = buckets.get(key);
  if (!bucket) {
    buckets.set(key, { ...row, up: row.up ? 1 : 0, latency: { ...row.latency } });
    return;
  }
  bucket.sessions += row.sessions;
  bucket.requests += row.requests;
  bucket.errors += row.errors;
  bucket.up += row.up ? 1 : 0;
  for (const [index, count] of Object.entries(row.latency)) {
    bucket.latency[index] = (bucket.latency[index] ?? 0) + count;
  }
}
