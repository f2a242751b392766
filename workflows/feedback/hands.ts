import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { FeedbackActivities } from '../../activities/feedback/index.ts';
import { believable } from '../shared/believable.ts';
import { isRecord } from '../shared/shape.ts';

/** The reading. A source that does not answer for half an hour is left to the next time of the schedule. */
export const hands = believable(
  proxyActivities<FeedbackActivities>({
    startToCloseTimeout: '10m',
    heartbeatTimeout: '90s',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '2m', maximumAttempts: 20 },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  }),
  {
    pollParts: (result) => isRecord(result) && Array.isArray(result['parts']),
    readPart: (result) => isRecord(result) && typeof result['outcome'] === 'string',
  },
);
