import { TypedSearchAttributes } from '@temporalio/common';
import type { CanaryPlan } from '../../contracts/canary-plan.ts';
import type {
  CanaryConfig,
  CanaryRollbackInput,
  CanaryRolloutInput,
} from '../../contracts/canary-rollout.ts';
import { shortRevision } from '../../domain/config-rollout/texts.ts';
import {
  kindAttribute,
  phaseAttribute,
  projectAttribute,
  targetAttribute,
} from '../shared/search-attributes.ts';

/** A recorded operation as it stands in Postgres: all that is needed to start its workflow, now or after a crash. */
export interface RecordedRollout {
  readonly operationId: string;
  readonly workflowId: string;
  readonly project: string;
  readonly service: string;
  readonly version: string;
  readonly stableVersion: string | null;
  readonly mode: 'rollout' | 'rollback';
  readonly plan: CanaryPlan;
  readonly startedBy: string;
  readonly reason: string | null;
  readonly config?: CanaryConfig;
}

/** Turns the row into the arguments of `client.workflow.start`. The workflow id is the lock; no time-outs, they would skip the undoing. */
export function startOptions(row: RecordedRollout, taskQueue: string) {
  const { mode, service, version, stableVersion } = row;
  const over = stableVersion === null ? 'first release' : `over ${stableVersion}`;
  const staticSummary =
    mode === 'rollout'
      ? `${service} ${version}${configText(row)}: canary rollout (${over})`
      : `${service}${configText(row)}: rollback from ${version} to ${stableVersion}`;
  return {
    type: mode === 'rollout' ? 'canaryRollout' : 'canaryRollback',
    options: {
      workflowId: row.workflowId,
      taskQueue,
      args: [mode === 'rollout' ? rolloutInput(row) : rollbackInput(row)],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
      workflowIdConflictPolicy: 'FAIL' as const,
      // A rollback is a person waiting for safety, a rollout is normal work.
      priority: { priorityKey: mode === 'rollback' ? 1 : 3, fairnessKey: row.project },
      // Tells whose run it is: the id belongs to the service.
      memo: { operationId: row.operationId },
      staticSummary,
      staticDetails: `Operation ${row.operationId}, started by ${row.startedBy}. Timeline: \`holdfast runs show ${row.operationId}\``,
      typedSearchAttributes: new TypedSearchAttributes([
        { key: projectAttribute, value: row.project },
        { key: targetAttribute, value: service },
        { key: kindAttribute, value: 'canary-rollout' },
        { key: phaseAttribute, value: 'starting' },
      ]),
    },
  };
}

function configText({ config }: RecordedRollout): string {
  return config === undefined ? '' : ` with configuration ${shortRevision(config.revision)}`;
}

function rolloutInput(row: RecordedRollout): CanaryRolloutInput {
  const { operationId, project, service, version, stableVersion, plan } = row;
  const input = { operationId, project, service, version, stableVersion, plan, policy: 1 } as const;
  return row.config === undefined ? input : { ...input, config: row.config };
}

function rollbackInput(row: RecordedRollout): CanaryRollbackInput {
  const { operationId, project, service, version, stableVersion, plan, reason } = row;
  return {
    operationId,
    project,
    service,
    from: version,
    to: stableVersion ?? '',
    reason: reason ?? '',
    drainDelayMs: plan.drainDelayMs,
    ...(row.config === undefined ? {} : { config: row.config }),
  };
}
