import { sql } from 'kysely';
import type { Db } from '../connect.ts';
import type { StoredSplit } from '../schema.ts';

/** After that long an order of which nobody tells holds nobody up any more: the rollout that gave it says what becomes of it. */
const longestMs = 120_000;

/**
 * Refuses what raises a weight while the proxy has an order that it has neither proven nor failed: its reload must not fall into the
 * first seconds of a step.
 */
export async function refuseWhileReconfiguring(
  db: Db,
  proxy: string,
  before: StoredSplit,
  after: StoredSplit,
) {
  const order = raises(before, after) ? await orderUnderWay(db, proxy) : null;
  if (order === null) return null;
  const detail = `a configuration is being taken into use: order ${order}`;
  return { ok: false, reason: 'reconfiguring', detail } as const;
}

function raises(before: StoredSplit, after: StoredSplit): boolean {
  const weights = new Map(before.servers.map(({ name, weight }) => [name, weight]));
  return after.servers.some(({ name, weight }) => weight > (weights.get(name) ?? 0));
}

async function orderUnderWay(db: Db, proxy: string): Promise<number | null> {
  const { rows } = await sql<{ sequence: number }>`
    select f.sequence from fleet_proxy f
    join config_order o on o.project = f.project and o.environment = f.environment and o.sequence = f.sequence
    left join config_report r on r.proxy = f.proxy
    where f.proxy = ${proxy} and f.ordered_at > clock_timestamp() - ${longestMs}::bigint * interval '1 ms'
      and not coalesce(r.running_sequence = f.sequence and r.running_hash = o.hash and r.outcome = 'proven', false)
      and not coalesce(r.attempted_sequence = f.sequence and r.outcome in ('refused', 'restored', 'failed'), false)`.execute(
    db,
  );
  return rows[0]?.sequence ?? null;
}
