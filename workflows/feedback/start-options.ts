import { TypedSearchAttributes } from '@temporalio/common';
import type { FeedbackSyncInput } from '../../contracts/feedback-source.ts';
import { kindAttribute, projectAttribute, targetAttribute } from '../shared/search-attributes.ts';

/** The queue of the reading, so that a source that is slow keeps nothing else from its turn. */
export const feedbackQueue = 'feedback';

const type = 'feedbackSync';

interface Synced {
  readonly project: string;
  readonly source: string;
}

/** Arguments of `client.workflow.start` for reading one part now; a run that reads it already is that one. */
export function syncOptions({ project, source }: Synced, part: string) {
  const input: FeedbackSyncInput = { source, parts: [part] };
  return {
    type,
    options: {
      ...common({ project, source }),
      workflowId: `feedback/${project}/${source}/${part}`,
      args: [input],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
      workflowIdConflictPolicy: 'USE_EXISTING' as const,
      staticSummary: `${source}: read ${part}`,
    },
  };
}

/** Arguments of `client.schedule.create`. The interval is part of the id: another one is another schedule. */
export function syncSchedule({ project, source }: Synced, everyMs: number) {
  const input: FeedbackSyncInput = { source };
  return {
    scheduleId: scheduleIdOf({ project, source }, everyMs),
    spec: { intervals: [{ every: everyMs }] },
    action: {
      type: 'startWorkflow' as const,
      workflowType: type,
      ...common({ project, source }),
      workflowId: `feedback/${project}/${source}`,
      args: [input],
      staticSummary: `${source}: read what changed`,
    },
    policies: { overlap: 'SKIP' as const, catchupWindow: '1m' as const },
    state: { triggerImmediately: true },
  };
}

export function scheduleIdOf({ project, source }: Synced, everyMs: number): string {
  return `feedback/${project}/${source}/${everyMs}`;
}

function common({ project, source }: Synced) {
  return {
    taskQueue: feedbackQueue,
    priority: { priorityKey: 5, fairnessKey: project },
    typedSearchAttributes: new TypedSearchAttributes([
      { key: projectAttribute, value: project },
      { key: targetAttribute, value: source },
      { key: kindAttribute, value: 'feedback' },
    ]),
  };
}
