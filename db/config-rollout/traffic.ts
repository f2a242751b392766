import { sql } from 'kysely';
import type { TopError, WaveTraffic } from '../../domain/config-rollout/bake.ts';
import type { Db } from '../connect.ts';
import { configRolloutFacts } from './facts.ts';

/** What came before an order counts for so long. */
const beforeMs = 5 * 60_000;
/** An agent closes a window every few seconds and sends it with its next report, after 10 s at the latest. */
const overdueMs = 25_000;

interface Asked {
  readonly operationId: string;
  readonly wave: number;
  readonly sequence: number;
}

/** A fault late in a bake must not drown in what went well before it. */
const nowMs = 60_000;

export interface TrafficOfWave {
  /** Under the order, in the last minute. */
  readonly now: WaveTraffic;
  /** Under the order in all. */
  readonly requests: number;
  /** The most frequent kind of error of `now`. */
  readonly topError: TopError | null;
}

/** Requests of the proxies of a wave under an order. */
export async function waveTraffic(db: Db, asked: Asked): Promise<TrafficOfWave> {
  const recent = sql<boolean>`w.sequence = ${asked.sequence} and w.received_at > clock_timestamp() - ${nowMs}::bigint * interval '1 ms'`;
  const [now, requests, topError] = await Promise.all([
    sumOf(db, asked, recent),
    requestsOf(db, asked),
    topErrorOf(db, asked, recent),
  ]);
  return { now, requests, topError };
}

/** Requests of the same proxies in the minutes before the order. */
export async function trafficBefore(db: Db, asked: Asked): Promise<WaveTraffic> {
  const known = await baseOrders(db, asked.operationId);
  return sumOf(
    db,
    asked,
    sql<boolean>`coalesce(w.sequence, 0) = any(${known}::bigint[]) and w.sequence is distinct from ${asked.sequence}
    and w.starts_at > f.ordered_at - ${beforeMs}::bigint * interval '1 ms' and w.starts_at <= f.ordered_at`,
  );
}

export const noTraffic: WaveTraffic = { requests: 0, errors: 0, refused: 0, latency: {} };
const mostOrders = 1000;

/**
 * The orders that brought what the rollout goes back to; 0: none at all. Only what came under them tells how it was before: an attempt
 * that was taken back minutes ago tells how it should not be.
 */
async function baseOrders(db: Db, operationId: string): Promise<number[]> {
  const { project, environment, base } = await configRolloutFacts(db, operationId);
  const rows = await db
    .selectFrom('config_order')
    .select('sequence')
    .where('project', '=', project)
    .where('environment', '=', environment)
    .where('revision', 'is not distinct from', base)
    .orderBy('sequence', 'desc')
    .limit(mostOrders)
    .execute();
  return [...rows.map(({ sequence }) => sequence), ...(base === null ? [0] : [])];
}

async function sumOf(
  db: Db,
  { operationId, wave }: Asked,
  which: ReturnType<typeof sql<boolean>>,
): Promise<WaveTraffic> {
  const { rows } = await sql<WaveTraffic>`with own as (
      select w.requests, w.errors, w.refused, w.latency from proxy_window w
      join fleet_proxy f on f.proxy = w.proxy
      join config_rollout_proxy m on m.proxy = w.proxy
      where m.operation_id = ${operationId} and m.wave = ${wave} and ${which}
    ), buckets as (
      select key, sum(value::bigint)::float8 as count from own, jsonb_each_text(own.latency) group by key
    ) select coalesce(sum(requests), 0)::float8 as requests, coalesce(sum(errors), 0)::float8 as errors,
      coalesce(sum(refused), 0)::float8 as refused,
      coalesce((select jsonb_object_agg(key, count) from buckets), '{}') as latency
    from own`.execute(db);
  return rows[0] ?? noTraffic;
}

/** Of a long bake of many proxies these are millions of windows: their latencies are left alone. */
async function requestsOf(db: Db, { operationId, wave, sequence }: Asked): Promise<number> {
  const { rows } = await sql<{ requests: number }>`select coalesce(sum(w.requests), 0)::float8 as requests
    from proxy_window w join config_rollout_proxy m on m.proxy = w.proxy
    where m.operation_id = ${operationId} and m.wave = ${wave} and w.sequence = ${sequence}`.execute(db);
  return rows[0]?.requests ?? 0;
}

async function topErrorOf(
  db: Db,
  { operationId, wave }: Asked,
  which: ReturnType<typeof sql<boolean>>,
): Promise<TopError | null> {
  const { rows } =
    await sql<TopError>`select s.signature, sum(s.count)::float8 as count, min(s.example) as example
    from proxy_window w
    join fleet_proxy f on f.proxy = w.proxy
    join config_rollout_proxy m on m.proxy = w.proxy
    cross join lateral jsonb_to_recordset(w.signatures) as s (signature text, count bigint, example text)
    where m.operation_id = ${operationId} and m.wave = ${wave} and ${which}
    group by s.signature order by 2 desc, 1 limit 1`.execute(db);
  return rows[0] ?? null;
}

/** Proxies that run the order and whose agents have sent no window of it lately. */
export async function proxiesWithoutData(db: Db, { operationId, wave, sequence }: Asked): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from config_rollout_proxy m
    join config_report r on r.proxy = m.proxy and r.running_sequence = ${sequence}
    where m.operation_id = ${operationId} and m.wave = ${wave} and not exists (
      select 1 from proxy_window w where w.proxy = m.proxy and w.sequence = ${sequence}
        and w.received_at > clock_timestamp() - ${overdueMs}::bigint * interval '1 ms')`.execute(db);
  return rows[0]?.count ?? 0;
}

/** Where to reach the proxies that a probe asks: at most so many of the wave, the same ones each time. */
export async function probeAddresses(
  db: Db,
  { operationId, wave }: Asked,
  atMost: number,
): Promise<{ proxy: string; address: string | null }[]> {
  return db
    .selectFrom('config_rollout_proxy as m')
    .innerJoin('fleet_proxy as f', 'f.proxy', 'm.proxy')
    .select(['f.proxy', 'f.address'])
    .where('m.operation_id', '=', operationId)
    .where('m.wave', '=', wave)
    .orderBy('f.proxy')
    .limit(atMost)
    .execute();
}
