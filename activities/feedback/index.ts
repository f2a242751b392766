import type { Db } from '../../db/connect.ts';
import type { FeedbackPollers } from '../../providers/feedback-source/index.ts';
import type { Secrets } from '../../providers/secret/secret.ts';
import { createPolling } from './poll.ts';

/** What the reading of sources works with; given by the worker, replaced by twins in tests. */
export interface FeedbackTools {
  readonly db: Db;
  readonly pollers: FeedbackPollers;
  readonly secrets: Secrets;
  /** Where a source of kind reddit names none. */
  readonly redditSubreddits: readonly string[];
  readonly newId: () => string;
}

export function createFeedbackActivities(tools: FeedbackTools) {
  return createPolling(tools);
}

export type FeedbackActivities = ReturnType<typeof createFeedbackActivities>;
