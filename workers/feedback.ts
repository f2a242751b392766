import { Worker, type WorkerOptions } from '@temporalio/worker';
import { createFeedbackActivities, type FeedbackTools } from '../activities/feedback/index.ts';
import { feedbackQueue } from '../workflows/feedback/start-options.ts';
import { createActingInterceptor } from './acting.ts';
import { createFailureInterceptor } from './failures.ts';
import { createProjectScope } from './project-scope.ts';
import type { WorkerPlace } from './tools.ts';

/** Task queue `feedback`: the reading of sources that are polled. One that is slow takes slots of this queue only. */
export function createFeedbackWorker(
  place: WorkerPlace,
  bundle: WorkerOptions['workflowBundle'],
  tools: FeedbackTools,
): Promise<Worker> {
  return Worker.create({ ...place, workflowBundle: bundle, ...feedbackOptions(tools) });
}

function feedbackOptions(tools: FeedbackTools) {
  return {
    taskQueue: feedbackQueue,
    activities: createFeedbackActivities(tools),
    interceptors: {
      activity: [
        () => ({ inbound: createProjectScope(tools.db) }),
        () => ({ inbound: createFailureInterceptor(tools.db) }),
        () => ({ inbound: createActingInterceptor() }),
      ],
    },
    maxConcurrentActivityTaskExecutions: 10,
    maxConcurrentWorkflowTaskExecutions: 5,
    maxCachedWorkflows: 50,
    workflowThreadPoolSize: 1,
    stickyQueueScheduleToStartTimeout: '2s',
    shutdownGraceTime: '2s',
    shutdownForceTime: '20s',
  } satisfies Partial<WorkerOptions>;
}
