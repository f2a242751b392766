import { sql } from 'kysely';
import type { CanaryRolloutState, CheckResult } from '../../contracts/canary-rollout.ts';
import type { Db } from '../connect.ts';

export interface TimelineEvent {
  readonly operationId: string;
  readonly seq: number;
  readonly type: string;
  readonly summary: string;
  readonly detail: Record<string, unknown>;
}

/** The workflow runs now, as this run; a second call with another run id is a reset, and the row says so. */
export async function beginOperation(db: Db, operationId: string, runId: string): Promise<void> {
  await db
    .updateTable('operation')
    .set({ status: 'running', run_id: runId })
    .where('id', '=', operationId)
    .where('status', '!=', 'closed')
    .execute();
}

/** Appends a line and keeps the read model in step. Repeating a `seq` changes nothing. Wakes those who follow the timeline. */
export async function recordEvent(
  db: Db,
  event: TimelineEvent,
  state: CanaryRolloutState | null,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await insertEvent(tx, event);
    if (state !== null) {
      await tx
        .updateTable('canary_rollout')
        .set({ state: JSON.stringify(state) })
        .where('operation_id', '=', event.operationId)
        .execute();
    }
    await tx
      .updateTable('operation')
      .set({ summary: event.summary, ...(state === null ? {} : { phase: state.phase }) })
      .where('id', '=', event.operationId)
      .where('status', '!=', 'closed')
      .execute();
    await sql`select pg_notify('operation_event', ${event.operationId})`.execute(tx);
  });
}

export async function insertEvent(db: Db, event: TimelineEvent): Promise<void> {
  await db
    .insertInto('operation_event')
    .values({
      operation_id: event.operationId,
      seq: event.seq,
      type: event.type,
      summary: event.summary,
      detail: JSON.stringify(event.detail),
    })
    .onConflict((conflict) => conflict.columns(['operation_id', 'seq']).doNothing())
    .execute();
}

/** Ends the operation and frees its target for the next. Repeating it changes nothing. */
export async function closeOperation(
  db: Db,
  operationId: string,
  outcome: string,
  summary: string,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const closed = await tx
      .updateTable('operation')
      .set({ status: 'closed', outcome, summary, phase: 'done', stuck: null, finished_at: new Date() })
      .where('id', '=', operationId)
      .where('status', '!=', 'closed')
      .returning(['project', 'target'])
      .executeTakeFirst();
    if (closed === undefined) return;
    await tx
      .insertInto('audit_entry')
      .values({
        project: closed.project,
        principal: 'holdfast',
        action: 'canary-rollout.closed',
        subject: closed.target,
        operation_id: operationId,
        detail: JSON.stringify({ outcome, summary }),
      })
      .execute();
    await sql`select pg_notify('operation_event', ${operationId})`.execute(tx);
  });
}

/** The watch looked at the counters just now; what it saw is kept for the read model. */
export async function recordWatch(db: Db, operationId: string, check: CheckResult | null): Promise<void> {
  await db
    .updateTable('canary_rollout')
    .set({
      judged_at: sql<Date>`now()`,
      ...(check === null
        ? {}
        : { state: sql<string>`jsonb_set(state, '{lastCheck}', ${JSON.stringify(check)}::jsonb)` }),
    })
    .where('operation_id', '=', operationId)
    .execute();
}

/** Shows (note) or clears (null) that a step of the operation keeps failing. Answers whether that was news. */
export async function markStuck(db: Db, operationId: string, note: string | null): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('operation')
    .set({ stuck: note })
    .where('id', '=', operationId)
    .where('status', '!=', 'closed')
    .where(sql<boolean>`stuck is distinct from ${note}`)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
