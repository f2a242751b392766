import { sql } from 'kysely';
import type { Db } from '../../db/connect.ts';

export interface StaleRollout {
  readonly id: string;
  readonly project: string;
  readonly service: string;
}

/** Phases in which a canary receives requests and the watch judges it, also while people think. */
const judgedPhases = ['soaking', 'waiting-for-approval', 'paused', 'holding'];

/** Running rollouts whose canary nobody judged within `staleMs`; a step that just began counts from its last event. */
export async function staleRollouts(db: Db, staleMs: number): Promise<StaleRollout[]> {
  const { rows } = await sql<StaleRollout>`
    select o.id, r.project, r.service
    from operation o join canary_rollout r on r.operation_id = o.id
    where o.status = 'running' and r.state->>'phase' = any(${judgedPhases})
      and greatest(r.judged_at, (select max(at) from operation_event e where e.operation_id = o.id), o.created_at)
        < clock_timestamp() - ${staleMs} * interval '1 millisecond'
    order by o.id`.execute(db);
  return rows;
}
