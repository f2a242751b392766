import { sql } from 'kysely';
import type { Db } from '../connect.ts';

/** The configuration of one proxy as it stands in the database and in its last report. */
export interface ProxyConfig {
  readonly environment: string;
  readonly owner: string | null;
  readonly isOwnerOpen: boolean;
  /** The order that it is to run; null: none yet. */
  readonly sequence: number | null;
  /** Of that order; null: the file of the operator. */
  readonly revision: string | null;
  readonly hash: string | null;
  /** The operation that gave it. */
  readonly orderedBy: string | null;
  /** Its HAProxy answers the hash of that order, or nothing was ordered. */
  readonly isProven: boolean;
  /** Its agent has tried that order and has not kept it. */
  readonly isFailed: boolean;
  /** What the agent says went wrong. */
  readonly failure: string | null;
  readonly silentMs: number | null;
}

/** null: it is not enrolled. `lock`: nobody changes what it is to run before the transaction ends. */
export async function findProxyConfig(
  db: Db,
  project: string,
  proxy: string,
  lock?: 'lock',
): Promise<ProxyConfig | null> {
  const { rows } = await sql<ProxyConfig>`
    select f.environment, f.owner, f.sequence, o.revision, o.hash, o.operation_id as "orderedBy",
      exists (select from operation x where x.id = f.owner and x.status <> 'closed') as "isOwnerOpen",
      f.sequence is null or coalesce(r.running_sequence = f.sequence and r.attempted_sequence = f.sequence
        and r.running_hash = o.hash and r.outcome = 'proven', false) as "isProven",
      coalesce(r.attempted_sequence = f.sequence and r.outcome in ('refused', 'restored', 'failed'), false) as "isFailed",
      r.report->>'failure' as failure,
      (extract(epoch from clock_timestamp() - r.reported_at) * 1000)::float8 as "silentMs"
    from fleet_proxy f
    left join config_order o on o.project = f.project and o.environment = f.environment and o.sequence = f.sequence
    left join config_report r on r.proxy = f.proxy
    where f.project = ${project} and f.proxy = ${proxy} and f.state = 'enrolled'
    ${lock === undefined ? sql`` : sql`for update of f`}`.execute(db);
  return rows[0] ?? null;
}
