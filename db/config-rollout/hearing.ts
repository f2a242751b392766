import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../connect.ts';

/** How often an API that listens says so. */
export const listenMs = 2000;
/** After so long without a word no API listens, or none reaches the database. */
const deaf = sql`interval '6 seconds'`;
/** Listening for less than this between two losses is none: the losses count as one. */
const short = sql`interval '1 minute'`;

/**
 * The moment before which a proxy must have been heard last to be silent, when silence is to be longer than `after`: only time in which
 * somebody listened counts. Where none ever said that it listens, as in a database without an API, all time does. One value for a query,
 * however many proxies it looks at.
 */
export function silentBefore(after: RawBuilder<unknown>): RawBuilder<Date> {
  return sql`(select case
      when f.since is null then clock_timestamp() - ${after}
      when l.until - f.since >= ${after} then l.until - ${after}
      else coalesce(f.lost_at - (${after} - (l.until - f.since)), '-infinity') end
    from (values (1)) always left join fleet_hearing f on true
    cross join lateral (select case when f.listened_at < clock_timestamp() - ${deaf} then f.listened_at
      else clock_timestamp() end as until) l)`;
}

/** An API listens to agents: to be repeated every `listenMs`. */
export async function noteListening(db: Db): Promise<void> {
  await sql`insert into fleet_hearing as h (since, listened_at) values (clock_timestamp(), clock_timestamp())
    on conflict (id) do update set (since, lost_at, listened_at) = (select
      case when isLost then excluded.since else h.since end,
      case when not isLost then h.lost_at
        when h.listened_at - h.since < ${short} and h.lost_at is not null then h.lost_at + (h.listened_at - h.since)
        else h.listened_at end,
      excluded.listened_at
      from (values (h.listened_at < excluded.listened_at - ${deaf})) as gap (isLost))`.execute(db);
}

/** Whether agents can be heard now. */
export async function isHearing(db: Db): Promise<boolean> {
  const { rows } = await sql<{ isDeaf: boolean }>`
    select h.listened_at < clock_timestamp() - ${deaf} as "isDeaf" from fleet_hearing h`.execute(db);
  return rows[0]?.isDeaf !== true;
}
