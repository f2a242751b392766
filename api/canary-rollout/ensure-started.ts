import type { CanaryRollout } from '../../contracts/canary-rollout.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { startWorkflow } from '../workflow.ts';
import { startOptions } from '../../workflows/canary-rollout/start-options.ts';
import { canaryRolloutWorkflowId } from '../../domain/canary-rollout/workflow-id.ts';

/**
 * Starts the workflow of a row that is already durable. A Temporal that does not answer is no error here: the row says `starting`
 * and the reconciler starts it as soon as Temporal is back.
 */
export async function ensureStarted(
  dependencies: ApiDependencies,
  rollout: CanaryRollout,
  reason: string | null,
): Promise<void> {
  const workflowId = canaryRolloutWorkflowId(rollout.project, rollout.service);
  try {
    const client = await dependencies.temporal();
    const { id: operationId, kind: mode, ...row } = rollout;
    const recorded = { ...row, operationId, mode, workflowId, reason };
    await startWorkflow(client, startOptions(recorded, dependencies.taskQueue));
  } catch (error) {
    dependencies.logger?.warn(
      { err: error, operationId: rollout.id, workflowId },
      'start left to the reconciler',
    );
  }
}
