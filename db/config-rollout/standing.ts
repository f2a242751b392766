import { sql } from 'kysely';
import type { ConfigRollout, Straggler, WaveCounts } from '../../contracts/config-rollout.ts';
import type { Db } from '../connect.ts';
import { silentBefore } from './hearing.ts';
import { findOrder } from './order.ts';
import type { WaveAsked } from './wave.ts';

export interface CountAsked extends WaveAsked {
  readonly sequence: number;
  readonly silentAfterMs: number;
  /** One that was proven once has to go on saying so. */
  readonly isBaking: boolean;
}

/** Where the proxies of a wave are with an order. One that left the fleet is not counted; none is silent that could not be heard. */
export async function countWave(db: Db, asked: CountAsked): Promise<WaveCounts> {
  const { rows } = await sql<WaveCounts>`/* prepared */ select count(*)::int as proxies,
      count(*) filter (where kind = 'proven')::int as proven, count(*) filter (where kind = 'pending')::int as pending,
      count(*) filter (where kind = 'failed')::int as failed, count(*) filter (where kind = 'silent')::int as silent
    from (${standings(asked)}) each`.execute(db);
  return rows[0] ?? { proxies: 0, proven: 0, pending: 0, failed: 0, silent: 0 };
}

const stragglersAtMost = 20;

/**
 * The wave under way of an open rollout as its proxies say now, with some of those that are not proven, failed ones first; null before
 * its first order.
 */
export async function waveNow(
  db: Db,
  { id, plan, state: { wave, phase } }: Pick<ConfigRollout, 'id' | 'plan' | 'state'>,
): Promise<{ counts: WaveCounts; stragglers: Straggler[] } | null> {
  const back = await findOrder(db, id, 'back');
  const sequence = back ?? (await findOrder(db, id, 'forth'));
  if (sequence === null || wave < 0) return null;
  const isBaking = back === null && phase !== 'applying';
  const asked = { operationId: id, wave, sequence, silentAfterMs: plan.partition.afterMs, isBaking };
  const [counts, { rows }] = await Promise.all([
    countWave(db, asked),
    sql<Omit<Straggler, 'heardAt'> & { heardAt: Date | null }>`
      select proxy, kind as standing, reported_at as "heardAt", case when failed then failure end as failure
      from (${standings(asked)}) each where kind <> 'proven'
      order by array_position(array['failed', 'silent', 'pending'], kind), proxy limit ${stragglersAtMost}`.execute(
      db,
    ),
  ]);
  const stragglers = rows.map((row) => ({ ...row, heardAt: row.heardAt?.toISOString() ?? null }));
  return { counts, stragglers };
}

/** Some of the proxies that did not take an order, with why; for texts. */
export async function failuresOf(
  db: Db,
  asked: WaveAsked & { readonly sequence: number },
): Promise<{ proxy: string; outcome: string; failure: string | null }[]> {
  const { rows } = await sql<{ proxy: string; outcome: string; failure: string | null }>`
    select r.proxy, r.outcome, r.report->>'failure' as failure
    from config_rollout_proxy m join config_report r on r.proxy = m.proxy
    where m.operation_id = ${asked.operationId} and m.wave = ${asked.wave}
      and r.attempted_sequence = ${asked.sequence} and r.outcome <> 'proven'
    order by r.proxy limit 5`.execute(db);
  return rows;
}

/** An order gives its proxy the same time as a report. */
export const lastHeard = sql<Date | null>`greatest(r.reported_at, f.ordered_at)`;

/** Each proxy of a wave, with `kind`: what counts for it in the end. */
function standings({ operationId, wave, sequence, silentAfterMs, isBaking }: CountAsked) {
  return sql`select *, case
      when proven and not (silent and ${isBaking}::boolean) then 'proven'
      when failed then 'failed'
      when silent then 'silent'
      else 'pending' end as kind
    from (select f.proxy, r.reported_at, r.report->>'failure' as failure,
        f.sequence = ${sequence}::bigint and r.running_sequence = ${sequence}::bigint and r.running_hash = o.hash
          and r.outcome = 'proven' and r.attempted_sequence = ${sequence}::bigint as proven,
        r.attempted_sequence = ${sequence}::bigint and r.outcome in ('refused', 'restored', 'failed') as failed,
        ${lastHeard} < ${silentBefore(sql`${silentAfterMs}::bigint * interval '1 ms'`)} as silent
      from config_rollout_proxy m
      join fleet_proxy f on f.proxy = m.proxy
      join config_order o on o.project = f.project and o.environment = f.environment and o.sequence = ${sequence}::bigint
      left join config_report r on r.proxy = f.proxy
      where m.operation_id = ${operationId}::text and m.wave = ${wave}::integer) one`;
}
