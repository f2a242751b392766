import type { Db } from '../../db/connect.ts';
import type { Probe } from '../../providers/probe/probe.ts';
import type { Runtime } from '../../providers/runtime/runtime.ts';
import type { Traffic } from '../../providers/traffic/traffic.ts';
import { createOperationRecords } from '../shared/operation-records.ts';
import { createPairActivities } from './config.ts';
import { createGateRecords } from './gate.ts';
import { createRecords } from './records.ts';
import { createReleaseActivities } from './release.ts';
import { createTrafficActivities } from './traffic.ts';
import { createWatch } from './watch.ts';

/** What the hands of a rollout work with; given by the worker, replaced by twins in tests. */
export interface CanaryRolloutTools {
  readonly db: Db;
  readonly traffic: Traffic;
  readonly runtimes: Readonly<Record<'process' | 'docker', Runtime>>;
  readonly probe: Probe;
}

/** Effects on the world: each is idempotent, so Temporal may repeat it after any crash. */
export function createCanaryRolloutActivities(tools: CanaryRolloutTools) {
  return {
    ...createReleaseActivities(tools),
    ...createTrafficActivities(tools),
    ...createPairActivities(tools),
    ...createWatch(tools),
  };
}

/** Small reads and writes of our own database; they run as local activities. */
export function createCanaryRolloutRecords(tools: Pick<CanaryRolloutTools, 'db'>) {
  return { ...createOperationRecords(tools), ...createRecords(tools), ...createGateRecords(tools) };
}

export type CanaryRolloutActivities = ReturnType<typeof createCanaryRolloutActivities>;
export type CanaryRolloutRecords = ReturnType<typeof createCanaryRolloutRecords>;
