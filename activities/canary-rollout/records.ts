import { recordEvent } from '../../db/canary-rollout/progress.ts';
import { runId, type OperationRef } from '../shared/operation-records.ts';
import type { CanaryRolloutTools } from './index.ts';
import type { EventInput } from './types.ts';

export function createRecords({ db }: Pick<CanaryRolloutTools, 'db'>) {
  return {
    async recordEvent({ state, ...event }: EventInput): Promise<void> {
      await recordEvent(db, event, runId(), state);
    },

    /** A line of a rollback's timeline: it has no rollout state. */
    async recordRollback(
      event: OperationRef & {
        seq: number;
        type: string;
        summary: string;
        detail?: Record<string, unknown>;
      },
    ): Promise<void> {
      await recordEvent(db, { ...event, detail: event.detail ?? {} }, runId(), null);
    },
  };
}
