import { openConfigRolloutFacts } from '../../db/config-rollout/facts.ts';
import { settleEnvironment } from '../../db/config-rollout/settle.ts';
import {
  disownProxies,
  orderWave,
  orderWaveBack,
  ownProxies,
  type WaveOrdered,
} from '../../db/config-rollout/wave.ts';
import type { OperationRef } from '../shared/operation-records.ts';
import { requireWaveApprovals } from './gate.ts';
import type { ConfigRolloutTools } from './index.ts';
import type { WaveRef } from './types.ts';

/** What is changed of the fleet: all of it by compare-and-set in Postgres, the agents do the rest. */
export function createFleetActivities({ db }: Pick<ConfigRolloutTools, 'db'>) {
  return {
    /** Becomes the owner of every proxy of the rollout. Throws `conflict`. */
    async ownProxies({ operationId }: OperationRef): Promise<void> {
      await openConfigRolloutFacts(db, operationId);
      await ownProxies(db, operationId);
    },

    /** Wants the revision from a wave. Throws `not-approved` when a wave up to it asks for an approval that is not recorded. */
    async orderWave({ operationId, wave }: WaveRef): Promise<WaveOrdered> {
      const facts = await openConfigRolloutFacts(db, operationId);
      await requireWaveApprovals(db, facts, wave);
      return orderWave(db, { operationId, wave });
    },

    /** Wants what ran before from a wave. */
    orderWaveBack({ operationId, wave }: WaveRef): Promise<WaveOrdered> {
      return orderWaveBack(db, { operationId, wave });
    },

    /** The environment runs it now. */
    async settleEnvironment({ operationId }: OperationRef): Promise<void> {
      await settleEnvironment(db, operationId);
    },

    async disownProxies({ operationId }: OperationRef): Promise<void> {
      await disownProxies(db, operationId);
    },
  };
}
