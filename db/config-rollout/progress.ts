import type { ConfigRolloutState } from '../../contracts/config-rollout.ts';
import type { Db } from '../connect.ts';
import { recordLine } from '../operation-progress.ts';
import type { TimelineEvent } from '../timeline.ts';

/** A line of a rollout's timeline, with the state that it left the rollout in. */
export async function recordConfigEvent(
  db: Db,
  event: TimelineEvent,
  runId: string,
  state: ConfigRolloutState,
): Promise<void> {
  const { operationId } = event;
  await recordLine(db, event, runId, {
    phase: state.phase,
    gate: state.gate,
    isGoingBack: state.phase === 'rolling-back',
    keep: (tx) => keepState(tx, operationId, state),
  });
}

async function keepState(tx: Db, operationId: string, state: ConfigRolloutState): Promise<void> {
  await tx
    .updateTable('config_rollout')
    .set({ state: JSON.stringify(state) })
    .where('operation_id', '=', operationId)
    .execute();
}
