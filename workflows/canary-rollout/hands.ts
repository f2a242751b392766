import {
  ActivityCancellationType,
  proxyActivities,
  proxyLocalActivities,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { ConfigRolloutActivities } from '../../activities/config-rollout/index.ts';
import { believable, type ReadableResults } from '../shared/believable.ts';
import { isRecord } from '../shared/shape.ts';
import type { CanaryRolloutActivities, CanaryRolloutRecords } from '../../activities/canary-rollout/index.ts';

/** A configuration that comes with a version is asked as a config rollout asks it. */
type Hands = CanaryRolloutActivities & Pick<ConfigRolloutActivities, 'validateReleaseConfig'>;

/**
 * The activities as the story uses them. Actuations wait for their cancellation to complete, so that nothing acts after the
 * workflow has moved on.
 */
const common = {
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  heartbeatTimeout: '6s',
} as const;

const readable: ReadableResults<Hands> = {
  bringUpRelease: isTold,
  acquireTarget: isFenced,
  shiftTraffic: (result) => isTold(result) && isFenced(result),
  promoteRelease: (result) => isTold(result) && isFenced(result),
  restoreStable: (result) => isTold(result) && isFenced(result),
  swapBack: (result) => isTold(result) && isFenced(result),
  removeRelease: isTold,
  validateReleaseConfig: isTold,
  bringConfig: (result) =>
    isRecord(result) && (isHashed(result) || (result['kind'] === 'not-taken' && isText(result['reason']))),
  restoreConfig: (result) => isTold(result) && (isHashed(result) || isNothing(result)),
  watchRollout: (result) => isRecord(result) && isRecord(result['state']),
};

let onUnbelieved: (step: string) => void = () => undefined;

/** Says who writes down that somebody has put a result in the place of an activity's own. Every run has modules of its own. */
export function whenUnbelieved(listener: (step: string) => void): void {
  onUnbelieved = listener;
}

/** Forward steps give up: a rollout that cannot go on is undone. */
export const forward = believed({
  ...common,
  startToCloseTimeout: '20m',
  retry: { initialInterval: '300ms', backoffCoefficient: 2, maximumInterval: '3s', maximumAttempts: 6 },
});

/** Steps towards safety never give up: an unreachable proxy is retried until it answers, visibly stuck. */
export const safety = believed({
  ...common,
  startToCloseTimeout: '5m',
  retry: { initialInterval: '200ms', backoffCoefficient: 1.5, maximumInterval: '3s' },
  priority: { priorityKey: 1 },
});

/** The long watch has a queue of its own with many slots, so that it starves nothing. */
export const watcher = believed({
  ...common,
  taskQueue: 'watch',
  summary: 'judges the canary and keeps its lease',
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

function believed(options: ActivityOptions): Hands {
  return believable(proxyActivities<Hands>(options), readable, (step) => onUnbelieved(step));
}

function isTold(result: unknown): boolean {
  return isRecord(result) && typeof result['summary'] === 'string';
}

function isHashed(result: unknown): boolean {
  return isTold(result) && isRecord(result) && isText(result['hash']);
}

/** Nothing was put back. */
function isNothing(result: unknown): boolean {
  return isRecord(result) && result['hash'] === null;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isFenced(result: unknown): boolean {
  return isRecord(result) && Number.isSafeInteger(result['token']);
}
