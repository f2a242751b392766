import { sql } from 'kysely';
import { ulid } from 'ulid';
import type { Db } from '../../../db/connect.ts';

/** An operation that runs and was started by ann, without anything that works for it. */
export async function runningOperation(db: Db): Promise<string> {
  const id = ulid();
  await db
    .insertInto('operation')
    .values({
      ...{ id, project: 'default', kind: 'canary-rollout', target: `svc-${id.toLowerCase()}` },
      ...{ status: 'running', phase: 'waiting-for-approval', outcome: null, summary: '', stuck: null },
      ...{ started_by: 'ann', workflow_id: id, run_id: null, finished_at: null },
    })
    .execute();
  return id;
}

/** Lets time pass for the gates of an operation. */
export async function passTime(db: Db, operationId: string, ms: number): Promise<void> {
  await sql`update approval_gate set opened_at = opened_at - ${ms} * interval '1 ms',
    expires_at = expires_at - ${ms} * interval '1 ms' where operation_id = ${operationId}`.execute(db);
  await sql`update approval_decision set at = at - ${ms} * interval '1 ms'
    where operation_id = ${operationId}`.execute(db);
}
