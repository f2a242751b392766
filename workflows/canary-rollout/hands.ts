import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { CanaryRolloutActivities, CanaryRolloutRecords } from '../../activities/canary-rollout/index.ts';

/**
 * The activities as the story uses them. Actuations wait for their cancellation to complete, so that nothing acts after the
 * workflow has moved on.
 */
const common = {
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  heartbeatTimeout: '6s',
} as const;

/** Forward steps give up: a rollout that cannot go on is undone. */
export const forward = proxyActivities<CanaryRolloutActivities>({
  ...common,
  startToCloseTimeout: '20m',
  retry: { initialInterval: '300ms', backoffCoefficient: 2, maximumInterval: '3s', maximumAttempts: 6 },
});

/** Steps towards safety never give up: an unreachable proxy is retried until it answers, visibly stuck. */
export const safety = proxyActivities<CanaryRolloutActivities>({
  ...common,
  startToCloseTimeout: '5m',
  retry: { initialInterval: '200ms', backoffCoefficient: 1.5, maximumInterval: '3s' },
  priority: { priorityKey: 1 },
});

/** The long watch has a queue of its own with many slots, so that it starves nothing. */
export const watcher = proxyActivities<CanaryRolloutActivities>({
  ...common,
  taskQueue: 'watch',
  startToCloseTimeout: '30d',
  retry: { initialInterval: '200ms', backoffCoefficient: 1.5, maximumInterval: '2s' },
});

/** Small idempotent reads and writes of our own database. */
export const records = proxyLocalActivities<CanaryRolloutRecords>({
  startToCloseTimeout: '10s',
  localRetryThreshold: '30s',
  retry: { initialInterval: '100ms', maximumInterval: '2s' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});
