import { Worker, type WorkerOptions } from '@temporalio/worker';
import {
  createCanaryRolloutActivities,
  createCanaryRolloutRecords,
} from '../activities/canary-rollout/index.ts';
import {
  createConfigRolloutActivities,
  createConfigRolloutRecords,
} from '../activities/config-rollout/index.ts';
import type { WorkerPlace, WorkerTools } from './tools.ts';
import { createActingInterceptor } from './acting.ts';
import { createFailureInterceptor } from './failures.ts';
import { createForgedResultWatch } from './forged-result.ts';
import { createProjectScope } from './project-scope.ts';
import { createSlotQuota } from './slot-quota.ts';

/** Task queue `operations`: the workflows and their short activities. */
export function createOperationsWorker(
  place: WorkerPlace,
  bundle: WorkerOptions['workflowBundle'],
  tools: WorkerTools,
): Promise<Worker> {
  return Worker.create({ ...place, workflowBundle: bundle, ...operationsOptions(tools) });
}

export function operationsOptions(tools: WorkerTools) {
  const quota = createSlotQuota({ perProject: tools.slotsPerProject });
  return {
    taskQueue: 'operations',
    activities: {
      ...createCanaryRolloutActivities(tools),
      ...createCanaryRolloutRecords(tools),
      ...createConfigRolloutActivities(tools),
      ...createConfigRolloutRecords(tools),
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
    // Room for three projects that use all they may.
    maxConcurrentActivityTaskExecutions: 3 * tools.slotsPerProject,
    // After a kill -9 the next task waits for this sticky time-out: seconds, not the default ten.
    stickyQueueScheduleToStartTimeout: '2s',
    maxCachedWorkflows: 500,
    // A cancellation reaches an activity with the answer to a heartbeat.
    maxHeartbeatThrottleInterval: '1s',
    shutdownGraceTime: '5s',
    shutdownForceTime: '10s',
  } satisfies Partial<WorkerOptions>;
}
