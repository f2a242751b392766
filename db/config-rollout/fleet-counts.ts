import { sql } from 'kysely';
import type { Db } from '../connect.ts';
import { silentBefore } from './hearing.ts';
import { lastHeard } from './standing.ts';

export interface FleetCounts {
  readonly environment: string;
  readonly proven: number;
  readonly pending: number;
  readonly failed: number;
  readonly silent: number;
  /** No order yet. */
  readonly unordered: number;
  readonly drift: number;
}

/** The enrolled proxies of each environment, each in exactly one state. */
export async function fleetCounts(db: Db, project: string): Promise<FleetCounts[]> {
  const { rows } = await sql<FleetCounts>`select environment,
      count(*) filter (where state = 'proven')::int as proven, count(*) filter (where state = 'pending')::int as pending,
      count(*) filter (where state = 'failed')::int as failed, count(*) filter (where state = 'silent')::int as silent,
      count(*) filter (where state = 'unordered')::int as unordered, count(*) filter (where drifts)::int as drift
    from (
      select f.environment, case
          when f.sequence is null then 'unordered'
          when ${lastHeard} < ${silentBefore(sql`interval '30 seconds'`)} then 'silent'
          when r.running_sequence = f.sequence and r.running_hash = o.hash and r.outcome = 'proven' then 'proven'
          when r.attempted_sequence = f.sequence and r.outcome in ('refused', 'restored', 'failed') then 'failed'
          else 'pending' end as state,
        coalesce(r.report->'drift'->>'mended' = 'false', false) as drifts
      from fleet_proxy f
      left join config_report r on r.proxy = f.proxy
      left join config_order o on o.project = f.project and o.environment = f.environment and o.sequence = f.sequence
      where f.project = ${project} and f.state = 'enrolled'
    ) each group by environment order by environment`.execute(db);
  return rows;
}
