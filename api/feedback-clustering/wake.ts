import { ensureClustering } from '../../db/feedback-clustering/operation.ts';
import { inProject } from '../../db/scope.ts';
import { wakeOptions } from '../../workflows/feedback-clustering/start-options.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { newId } from '../new-id.ts';

const everyMs = 500;

type Waking = Pick<ApiDependencies, 'db' | 'temporal' | 'taskQueue' | 'logger'>;

/**
 * Wakes the workflow that keeps the clusters of a project, starting it when it is not there. At most twice a second for each project: a
 * storm of deliveries is one wake-up now and one after it. Nothing is lost when it fails; the sweep finds what was not signalled.
 */
export function createWakeClustering(dependencies: Waking): (project: string) => void {
  const resting = new Map<string, { again: boolean }>();

  function wake(project: string): void {
    const rest = resting.get(project);
    if (rest !== undefined) {
      rest.again = true;
      return;
    }
    const mine = { again: false };
    resting.set(project, mine);
    setTimeout(() => {
      resting.delete(project);
      if (mine.again) wake(project);
    }, everyMs).unref();
    inProject(project, () => wakeClustering(dependencies, project)).catch((error: unknown) => {
      dependencies.logger?.warn({ err: error, project }, 'clustering was not woken: the sweep will do it');
    });
  }

  return wake;
}

/** Throws what Temporal throws. */
export async function wakeClustering(
  { db, temporal, taskQueue }: Waking,
  project: string,
): Promise<{ operationId: string; workflowId: string }> {
  const operationId = await ensureClustering(db, project, newId);
  const { type, options } = wakeOptions({ operationId, project }, taskQueue);
  const client = await temporal();
  await client.workflow.signalWithStart(type, options);
  return { operationId, workflowId: options.workflowId };
}
