import type { ConfigRollout } from '../../contracts/config-rollout.ts';
import { configRolloutFacts } from '../../db/config-rollout/facts.ts';
import { configStartOptions } from '../../workflows/config-rollout/start-options.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { startWorkflow } from '../workflow.ts';

/**
 * Starts the workflow of a row that is already durable. A Temporal that does not answer is no error here: the row says `starting`
 * and the reconciler starts it as soon as Temporal is back.
 */
export async function ensureConfigStarted(
  dependencies: ApiDependencies,
  { id }: ConfigRollout,
): Promise<void> {
  try {
    const recorded = await configRolloutFacts(dependencies.db, id);
    const client = await dependencies.temporal();
    await startWorkflow(client, configStartOptions(recorded, dependencies.taskQueue));
  } catch (error) {
    dependencies.logger?.warn({ err: error, operationId: id }, 'start left to the reconciler');
  }
}
