import {
  ActivityCancellationType,
  proxyActivities,
  proxyLocalActivities,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { ConfigRolloutActivities, ConfigRolloutRecords } from '../../activities/config-rollout/index.ts';
import { believable, type ReadableResults } from '../shared/believable.ts';
import { isRecord } from '../shared/shape.ts';

/**
 * The activities as the story uses them. Actuations wait for their cancellation to complete, so that nothing acts after the
 * workflow has moved on.
 */
const common = {
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  heartbeatTimeout: '6s',
} as const;

const readable: ReadableResults<ConfigRolloutActivities> = {
  validateRevision: (result) => isRecord(result) && typeof result['summary'] === 'string',
  orderWave: isOrdered,
  orderWaveBack: isOrdered,
  watchWave: (result) => isRecord(result) && isOneOf(result['kind'], ['proven', 'failed', 'interrupted']),
  bakeWave: (result) =>
    isRecord(result) &&
    isRecord(result['state']) &&
    isOneOf(result['kind'], ['baked', 'failed', 'interrupted']),
};

let onUnbelieved: (step: string) => void = () => undefined;

/** Says who writes down that somebody has put a result in the place of an activity's own. Every run has modules of its own. */
export function whenUnbelieved(listener: (step: string) => void): void {
  onUnbelieved = listener;
}

/** Forward steps give up: a rollout that cannot go on is undone. */
export const forward = believed({
  ...common,
  startToCloseTimeout: '5m',
  retry: { initialInterval: '300ms', backoffCoefficient: 2, maximumInterval: '3s', maximumAttempts: 8 },
});

/** Steps towards safety never give up: they are retried until they succeed, visibly stuck. */
export const safety = believed({
  ...common,
  startToCloseTimeout: '5m',
  retry: { initialInterval: '200ms', backoffCoefficient: 1.5, maximumInterval: '3s' },
  priority: { priorityKey: 1 },
});

/** Long watches have a queue of their own with many slots, so that they starve nothing. */
export const watcher = believed({
  ...common,
  taskQueue: 'watch',
  startToCloseTimeout: '30d',
  retry: { initialInterval: '200ms', backoffCoefficient: 1.5, maximumInterval: '2s' },
});

/** Small idempotent reads and writes of our own database. */
export const records = proxyLocalActivities<ConfigRolloutRecords>({
  startToCloseTimeout: '10s',
  localRetryThreshold: '30s',
  retry: { initialInterval: '100ms', maximumInterval: '2s' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

function believed(options: ActivityOptions): ConfigRolloutActivities {
  return believable(proxyActivities<ConfigRolloutActivities>(options), readable, (step) =>
    onUnbelieved(step),
  );
}

function isOrdered(result: unknown): boolean {
  return (
    isRecord(result) && Number.isSafeInteger(result['sequence']) && Number.isSafeInteger(result['proxies'])
  );
}

function isOneOf(value: unknown, known: readonly string[]): boolean {
  return typeof value === 'string' && known.includes(value);
}
