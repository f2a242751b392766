import { sql } from 'kysely';
import type { CanaryRolloutState, CheckResult } from '../../contracts/canary-rollout.ts';
import type { Db } from '../connect.ts';
import { recordLine } from '../operation-progress.ts';
import type { TimelineEvent } from '../timeline.ts';

/** A line of a rollout's timeline, with the state that it left the rollout in; null: a rollback keeps none. */
export async function recordEvent(
  db: Db,
  event: TimelineEvent,
  runId: string,
  state: CanaryRolloutState | null,
): Promise<void> {
  const { operationId } = event;
  const model = state && {
    phase: state.phase,
    gate: state.gate,
    isGoingBack: state.phase === 'rolling-back',
    keep: (tx: Db) =>
      tx
        .updateTable('canary_rollout')
        .set({ state: JSON.stringify(state) })
        .where('operation_id', '=', operationId)
        .execute(),
  };
  await recordLine(db, event, runId, model);
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
