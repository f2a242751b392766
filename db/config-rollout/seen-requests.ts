import { sql } from 'kysely';
import type { SeenRequest } from '../../contracts/config-bundle.ts';
import type { Db } from '../connect.ts';
import type { ProxyConfigReport } from './keep-reports.ts';

/**
 * Keeps the requests that came with reports, for simulations. Each has one of 5,000 slots of its environment, by its hash, and a slot
 * changes once a minute at most: what is asked again and again is written as seldom as what is asked once.
 */
export async function keepSeenRequests(db: Db, reports: readonly ProxyConfigReport[]): Promise<void> {
  const seen = reports.flatMap(({ proxy, report: { windows = [] } }) =>
    windows.flatMap(({ sample = [] }) => sample.map((request) => ({ proxy, ...request }))),
  );
  if (seen.length === 0) return;
  await sql`insert into seen_request as s (project, environment, slot, port, method, host, path)
    select distinct on (f.project, f.environment, g.slot) f.project, f.environment, g.slot, g.port, g.method, g.host, g.path
    from (
      select *, abs(hashtext(concat_ws(' ', port, method, host, path)) % 5000) as slot
      from jsonb_to_recordset(${JSON.stringify(seen)}::jsonb) as r (proxy text, port integer, method text, host text, path text)
    ) g
    join fleet_proxy f on f.proxy = g.proxy and f.state = 'enrolled'
    where not exists (select from seen_request k where k.project = f.project and k.environment = f.environment
      and k.slot = g.slot and k.seen_at > clock_timestamp() - interval '1 minute')
    order by 1, 2, 3
    on conflict (project, environment, slot) do update set port = excluded.port, method = excluded.method,
      host = excluded.host, path = excluded.path, seen_at = excluded.seen_at`.execute(db);
}

export interface SeenRequests {
  readonly requests: readonly SeenRequest[];
  /** When they were seen, of all of them; null when there are none. */
  readonly span: { readonly from: Date; readonly to: Date } | null;
}

/** What the proxies of an environment have seen within a day, the newest first. */
export async function seenRequests(db: Db, project: string, environment: string): Promise<SeenRequests> {
  const rows = await db
    .selectFrom('seen_request')
    .select(['port', 'method', 'host', 'path', 'seen_at'])
    .where('project', '=', project)
    .where('environment', '=', environment)
    .where('seen_at', '>', sql<Date>`now() - interval '1 day'`)
    .orderBy('seen_at', 'desc')
    .orderBy('slot')
    .execute();
  const requests = rows.map(({ port, method, host, path }) => ({ port, method, host, path }));
  const [last, first] = [rows[0], rows.at(-1)];
  return { requests, span: first && last ? { from: first.seen_at, to: last.seen_at } : null };
}
