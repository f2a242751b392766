import type { Db } from '../../db/connect.ts';
import type { ConfigCheck } from '../../providers/config-check/config-check.ts';
import type { ShadowRun } from '../../providers/config-check/shadow-run.ts';
import type { Probe } from '../../providers/probe/probe.ts';
import { createOperationRecords } from '../shared/operation-records.ts';
import { createBake } from './bake.ts';
import { createFleetActivities } from './fleet.ts';
import { createWaveGateRecords } from './gate.ts';
import { createConfigRecords } from './records.ts';
import { createValidation } from './validate.ts';
import { createWaveWatch } from './watch-wave.ts';

/** What the hands of a config rollout work with. */
export interface ConfigRolloutTools {
  readonly db: Db;
  readonly configCheck: ConfigCheck;
  readonly shadowRun: ShadowRun;
  readonly probe: Probe;
}

/** Effects on the world: each is idempotent, so Temporal may repeat it after any crash. */
export function createConfigRolloutActivities(tools: ConfigRolloutTools) {
  return {
    ...createValidation(tools),
    ...createFleetActivities(tools),
    ...createWaveWatch(tools),
    ...createBake(tools),
  };
}

/** Small reads and writes of our own database; they run as local activities. */
export function createConfigRolloutRecords(tools: Pick<ConfigRolloutTools, 'db'>) {
  return { ...createOperationRecords(tools), ...createConfigRecords(tools), ...createWaveGateRecords(tools) };
}

export type ConfigRolloutActivities = ReturnType<typeof createConfigRolloutActivities>;
export type ConfigRolloutRecords = ReturnType<typeof createConfigRolloutRecords>;
