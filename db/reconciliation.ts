import { sql } from 'kysely';
import type { Db } from './connect.ts';

/** Open operations by age and status, for the sweep. `olderMs` leaves those alone that the API is just working on. */
export async function openOperations(db: Db, status: 'starting' | 'running', olderMs: number) {
  return db
    .selectFrom('operation as o')
    .innerJoin('canary_rollout as r', 'r.operation_id', 'o.id')
    .select(['o.id', 'o.project', 'o.kind', 'o.target', 'o.workflow_id', 'o.run_id', 'r.mode', 'r.version'])
    .where('o.status', '=', status)
    .where('o.created_at', '<', sql<Date>`now() - ${olderMs} * interval '1 ms'`)
    .execute();
}

/** The same of config rollouts. */
export async function openConfigRollouts(db: Db, status: 'starting' | 'running', olderMs: number) {
  return db
    .selectFrom('operation as o')
    .innerJoin('config_rollout as r', 'r.operation_id', 'o.id')
    .select(['o.id', 'o.workflow_id', 'o.run_id'])
    .where('o.status', '=', status)
    .where('o.created_at', '<', sql<Date>`now() - ${olderMs} * interval '1 ms'`)
    .execute();
}

/** Commands that nobody has answered yet. */
export async function pendingCommands(db: Db, olderMs: number) {
  return db
    .selectFrom('command as c')
    .innerJoin('operation as o', 'o.id', 'c.operation_id')
    .select(['c.id', 'c.operation_id', 'o.workflow_id', 'o.status'])
    .where('c.state', '=', 'pending')
    .where('c.created_at', '<', sql<Date>`now() - ${olderMs} * interval '1 ms'`)
    .orderBy('c.created_at')
    .limit(200)
    .execute();
}

/** Decisions of open operations that their workflow has not looked at yet. */
export async function unannouncedDecisions(db: Db, olderMs: number) {
  return db
    .selectFrom('approval_decision as d')
    .innerJoin('operation as o', 'o.id', 'd.operation_id')
    .select(['d.id', 'o.workflow_id'])
    .where('d.announced_at', 'is', null)
    .where('o.status', '=', 'running')
    .where('d.at', '<', sql<Date>`now() - ${olderMs} * interval '1 ms'`)
    .limit(200)
    .execute();
}

/** Targets whose owner is closed: nobody will give them up any more. */
export async function orphanTargets(db: Db) {
  return db
    .selectFrom('traffic_target as t')
    .innerJoin('operation as o', 'o.id', 't.owner')
    .select(['t.project', 't.service', 't.proxy', 't.backend', 't.owner', 't.split'])
    .where('o.status', '=', 'closed')
    .where('o.finished_at', '<', sql<Date>`now() - interval '10 seconds'`)
    .execute();
}
