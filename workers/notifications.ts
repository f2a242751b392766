import { Worker, type WorkerOptions } from '@temporalio/worker';
import { createNotificationActivities, type NotificationTools } from '../activities/notification/index.ts';
import { notificationQueue } from '../workflows/notification/start-options.ts';
import { createActingInterceptor } from './acting.ts';
import { createFailureInterceptor } from './failures.ts';
import { createProjectScope } from './project-scope.ts';
import type { WorkerPlace } from './tools.ts';

/** Task queue `notifications`: the telling of people, apart from the work itself. A receiver that hangs takes slots of this queue only. */
export function createNotificationsWorker(
  place: WorkerPlace,
  bundle: WorkerOptions['workflowBundle'],
  tools: NotificationTools,
): Promise<Worker> {
  return Worker.create({ ...place, workflowBundle: bundle, ...notificationsOptions(tools) });
}

export function notificationsOptions(tools: NotificationTools) {
  return {
    taskQueue: notificationQueue,
    activities: createNotificationActivities(tools),
    interceptors: {
      activity: [
        () => ({ inbound: createProjectScope(tools.db) }),
        () => ({ inbound: createFailureInterceptor(tools.db) }),
        () => ({ inbound: createActingInterceptor() }),
      ],
    },
    maxConcurrentActivityTaskExecutions: 20,
    maxConcurrentWorkflowTaskExecutions: 10,
    maxCachedWorkflows: 100,
    workflowThreadPoolSize: 1,
    stickyQueueScheduleToStartTimeout: '2s',
    shutdownGraceTime: '2s',
    shutdownForceTime: '20s',
  } satisfies Partial<WorkerOptions>;
}
