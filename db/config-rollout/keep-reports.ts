import { sql } from 'kysely';
import type { ConfigReport, ProxyWindow } from '../../contracts/config-bundle.ts';
import type { Db } from '../connect.ts';

export interface ProxyConfigReport {
  readonly proxy: string;
  readonly report: ConfigReport;
}

/**
 * Keeps reports of different proxies with their windows in one statement, all or nothing. Idempotent. Answers the proxies that are
 * enrolled, each with the sequence of the newest order to its agent that still holds; of the others nothing is kept.
 */
export async function keepReports(
  db: Db,
  reports: readonly ProxyConfigReport[],
): Promise<ReadonlyMap<string, number | null>> {
  const all = reports.map(({ report: { windows = [], ...report } }) => ({ report, windows }));
  const running = reports.map(({ report }) => report.running);
  const { rows } = await sql<{ proxy: string; sequence: number | null }>`/* prepared */ with given as (
      select * from unnest(
        ${reports.map(({ proxy }) => proxy)}::text[], ${reports.map(({ report }) => report.attempted?.sequence ?? null)}::bigint[],
        ${reports.map(({ report }) => report.outcome)}::text[], ${running.map((ref) => ref?.sequence ?? null)}::bigint[],
        ${running.map((ref) => ref?.hash ?? null)}::text[], ${reports.map(({ report }) => report.now)}::timestamptz[],
        ${all.map(({ report }) => JSON.stringify(report))}::jsonb[], ${all.map(({ windows }) => JSON.stringify(windows.map(rowOf)))}::jsonb[]
      ) as given (proxy, attempted, outcome, running, hash, told_at, report, windows)
    ), known as (
      select g.*, f.project, f.environment from given g join fleet_proxy f on f.proxy = g.proxy and f.state = 'enrolled'
    ), kept as (
      insert into config_report as r (proxy, project, environment, reported_at, attempted_sequence, outcome,
        running_sequence, running_hash, running_since, report)
      select proxy, project, environment, clock_timestamp(), attempted, outcome, running, hash,
        case when running is null then null else clock_timestamp() end, report
      from known order by proxy
      on conflict (proxy) do update set ${sql.raw(changes)} where ${sql.raw(isNewer)}
    ), counted as (
      insert into proxy_window (proxy, project, starts_at, seconds, sequence, requests, errors, refused, latency, signatures)
      select k.proxy, k.project, w.starts_at, w.seconds, w.sequence, w.requests, w.errors, w.refused, w.latency, w.signatures
      from known k cross join lateral jsonb_to_recordset(k.windows) as w (starts_at timestamptz, seconds integer,
        sequence bigint, requests bigint, errors bigint, refused bigint, latency jsonb, signatures jsonb)
      order by 1, 3
      on conflict do nothing
    ) select k.proxy, o.sequence from known k left join agent_order o on o.proxy = k.proxy and o.expires_at > now()`.execute(
    db,
  );
  return new Map(rows.map(({ proxy, sequence }) => [proxy, sequence]));
}

/** One that was under way for long must not undo a later one; but an agent whose clock was put back goes on being heard. */
const isNewer = `(excluded.report->>'now')::timestamptz >= (r.report->>'now')::timestamptz
  or r.reported_at < clock_timestamp() - interval '30 seconds'`;

const runsTheSame = `excluded.running_sequence is null or (r.running_sequence is not distinct from excluded.running_sequence
  and r.running_hash is not distinct from excluded.running_hash)`;

const changes = [
  ...['project', 'environment', 'reported_at', 'attempted_sequence', 'outcome', 'running_sequence'],
  ...['running_hash', 'report'],
]
  .map((column) => `${column} = excluded.${column}`)
  .concat(`running_since = case when ${runsTheSame} then r.running_since else clock_timestamp() end`)
  .join(', ');

function rowOf({ startsAt, refused = 0, sample: _sample, ...counts }: ProxyWindow) {
  return { starts_at: startsAt, refused, ...counts };
}
