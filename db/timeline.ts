import { sql } from 'kysely';
import type { Db } from './connect.ts';

/** A line of the timeline as a run writes it; `seq` is its place in that run. */
export interface TimelineEvent {
  readonly operationId: string;
  readonly seq: number;
  readonly type: string;
  readonly summary: string;
  readonly detail: Record<string, unknown>;
}

/** Lines get their places one after another, so that who follows the timeline never misses one that came late. */
export async function lockOperation(db: Db, operationId: string): Promise<string | null> {
  const row = await db
    .selectFrom('operation')
    .select('run_id')
    .where('id', '=', operationId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row?.run_id ?? null;
}

export interface Line extends Omit<TimelineEvent, 'seq'> {
  readonly runId: string | null;
  readonly runSeq: number | null;
}

/** Answers whether it was not there yet. */
export async function appendLine(db: Db, line: Line): Promise<boolean> {
  const { operationId, type, summary, runId, runSeq } = line;
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('operation_event')
    .values((eb) => ({
      operation_id: operationId,
      seq: eb
        .selectFrom('operation_event')
        .select((last) =>
          last(last.fn.coalesce(last.fn.max('seq'), last.lit(0)), '+', last.lit(1)).as('next'),
        )
        .where('operation_id', '=', operationId),
      type,
      summary,
      detail: JSON.stringify(line.detail),
      run_id: runId,
      run_seq: runSeq,
    }))
    .onConflict((conflict) => conflict.columns(['operation_id', 'run_id', 'run_seq']).doNothing())
    .executeTakeFirst();
  await sql`select pg_notify('operation_event', ${operationId})`.execute(db);
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}
