import { configRolloutFacts } from '../../db/config-rollout/facts.ts';
import { refuseForthWhileStopped } from '../../db/config-rollout/refuse-stopped.ts';
import { recordConfigEvent } from '../../db/config-rollout/progress.ts';
import { freezesOf } from '../../db/config-rollout/settings.ts';
import { frozenUntil } from '../../domain/config-rollout/freeze.ts';
import { runId, type OperationRef } from '../shared/operation-records.ts';
import type { ConfigRolloutTools } from './index.ts';
import type { ConfigEventInput } from './types.ts';

export function createConfigRecords({ db }: Pick<ConfigRolloutTools, 'db'>) {
  return {
    async recordConfigEvent({ state, ...event }: ConfigEventInput): Promise<void> {
      await recordConfigEvent(db, event, runId(), state);
    },

    /**
     * The freeze window that holds now, or null; it may have been changed since the last look. `leftMs`: until its end. Throws `stopped`
     * while an emergency stop of the project holds.
     */
    async lookAtFreeze({ operationId }: OperationRef): Promise<{ leftMs: number; reason: string } | null> {
      const facts = await configRolloutFacts(db, operationId);
      await refuseForthWhileStopped(db, facts);
      const { project, environment } = facts;
      const nowMs = Date.now();
      const frozen = frozenUntil(await freezesOf(db, project, environment), nowMs);
      return frozen && { leftMs: frozen.untilMs - nowMs, reason: frozen.reason };
    },
  };
}
