import { TypedSearchAttributes } from '@temporalio/common';
import type { FeedbackClusteringInput } from '../../contracts/feedback-clustering.ts';
import {
  kindAttribute,
  phaseAttribute,
  projectAttribute,
  targetAttribute,
} from '../shared/search-attributes.ts';

/** Arguments of `client.workflow.signalWithStart`: wakes the one run of the project, or starts it. */
export function wakeOptions({ operationId, project }: FeedbackClusteringInput, taskQueue: string) {
  return {
    type: 'feedbackClustering',
    options: {
      workflowId: `feedback-clustering/${project}/clusters`,
      taskQueue,
      args: [{ operationId, project }] as [FeedbackClusteringInput],
      signal: 'dirty',
      signalArgs: [] as [],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
      workflowIdConflictPolicy: 'USE_EXISTING' as const,
      priority: { priorityKey: 5, fairnessKey: project },
      memo: { operationId },
      staticSummary: `${project}: clusters of feedback`,
      staticDetails: `Operation ${operationId}. Status: \`holdfast clusters status --project ${project}\``,
      typedSearchAttributes: new TypedSearchAttributes([
        { key: projectAttribute, value: project },
        { key: targetAttribute, value: 'clusters' },
        { key: kindAttribute, value: 'feedback-clustering' },
        { key: phaseAttribute, value: 'waiting' },
      ]),
    },
  };
}
