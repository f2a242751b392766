import { Worker, type WorkerOptions } from '@temporalio/worker';
import { createCanaryRolloutActivities } from '../activities/canary-rollout/index.ts';
import { createConfigRolloutActivities } from '../activities/config-rollout/index.ts';
import { createFeedbackClusteringActivities } from '../activities/feedback-clustering/index.ts';
import { createReconciliationActivities } from '../activities/reconciliation.ts';
import { createActingInterceptor } from './acting.ts';
import { createFailureInterceptor } from './failures.ts';
import { createForgedResultWatch } from './forged-result.ts';
import { createProjectScope } from './project-scope.ts';
import { createSlotQuota } from './slot-quota.ts';
import type { WatchTools, WorkerPlace } from './tools.ts';

/** Task queue `watch`: long activities that mostly wait, many at once, so that they starve nothing else. */
export function createWatchWorker(place: WorkerPlace, tools: WatchTools): Promise<Worker> {
  return Worker.create({ ...place, ...watchOptions(tools) });
}

export function watchOptions(tools: WatchTools) {
  const quota = createSlotQuota({ perProject: tools.slotsPerProject });
  const { watchRollout } = createCanaryRolloutActivities(tools);
  const { watchWave, bakeWave } = createConfigRolloutActivities(tools);
  return {
    taskQueue: 'watch',
    activities: {
      ...{ watchRollout, watchWave, bakeWave },
      ...createFeedbackClusteringActivities({ db: tools.db, ...tools.clusters }),
      ...createReconciliationActivities({ ...tools, newId: tools.clusters.newId, everyMs: 2000 }),
    },
    interceptors: {
      activity: [
        () => ({ inbound: quota }),
        () => ({ inbound: createProjectScope(tools.db) }),
        () => ({ inbound: createFailureInterceptor(tools.db) }),
        () => ({ inbound: createActingInterceptor() }),
        () => ({ inbound: createForgedResultWatch(tools.db) }),
      ],
    },
    maxConcurrentActivityTaskExecutions: 20 * tools.slotsPerProject,
    // A cancellation reaches an activity with the answer to a heartbeat, so heartbeats are sent about as often as it ticks.
    maxHeartbeatThrottleInterval: '1s',
    defaultHeartbeatThrottleInterval: '1s',
    shutdownGraceTime: '1s',
    shutdownForceTime: '5s',
  } satisfies Partial<WorkerOptions>;
}
