import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { FeedbackClusteringActivities } from '../../activities/feedback-clustering/index.ts';
import { believable } from '../shared/believable.ts';
import { isRecord } from '../shared/shape.ts';

/** A shift is tried until it succeeds: all that it does stands in the database, so the next try goes on. */
export const { clusterFeedback, nameClusters } = believable(
  proxyActivities<FeedbackClusteringActivities>({
    taskQueue: 'watch',
    startToCloseTimeout: '6h',
    heartbeatTimeout: '10s',
    retry: { initialInterval: '300ms', backoffCoefficient: 2, maximumInterval: '30s' },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  }),
  {
    clusterFeedback: (result) =>
      isRecord(result) && isRecord(result['stats']) && Array.isArray(result['answers']),
    nameClusters: (result) =>
      isRecord(result) && (result['nextMs'] === null || Number.isFinite(result['nextMs'])),
  },
);
