import { TypedSearchAttributes } from '@temporalio/common';
import type { ConfigRolloutInput } from '../../contracts/config-rollout.ts';
import { shortRevision } from '../../domain/config-rollout/texts.ts';
import {
  kindAttribute,
  phaseAttribute,
  projectAttribute,
  targetAttribute,
} from '../shared/search-attributes.ts';

/** A recorded operation as it stands in Postgres: all that is needed to start its workflow, now or after a crash. */
export interface RecordedConfigRollout extends Omit<ConfigRolloutInput, 'policy'> {
  readonly workflowId: string;
  readonly startedBy: string;
}

/** Turns the row into the arguments of `client.workflow.start`. The workflow id is the lock; no time-outs, they would skip the way back. */
export function configStartOptions(row: RecordedConfigRollout, taskQueue: string) {
  const { workflowId, startedBy, ...facts } = row;
  const { operationId, project, environment, mode, revision } = facts;
  const input: ConfigRolloutInput = { ...facts, policy: 1 };
  return {
    type: 'configRollout',
    options: {
      workflowId,
      taskQueue,
      args: [input],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
      workflowIdConflictPolicy: 'FAIL' as const,
      // A rollback is a person waiting for safety, a rollout is normal work.
      priority: { priorityKey: mode === 'rollback' ? 1 : 3, fairnessKey: project },
      // Tells whose run it is: the id belongs to the environment.
      memo: { operationId },
      staticSummary: `${environment}: config ${mode} to ${shortRevision(revision)}`,
      staticDetails: `Operation ${operationId}, started by ${startedBy}. Timeline: \`holdfast runs show ${operationId}\``,
      typedSearchAttributes: new TypedSearchAttributes([
        { key: projectAttribute, value: project },
        { key: targetAttribute, value: environment },
        { key: kindAttribute, value: 'config-rollout' },
        { key: phaseAttribute, value: 'starting' },
      ]),
    },
  };
}
