import { ensureClustering } from '../../db/feedback-clustering/operation.ts';
import { projectsToWake } from '../../db/feedback-clustering/waiting.ts';
import { wakeOptions } from '../../workflows/feedback-clustering/start-options.ts';
import type { Sweeper } from './sweeper.ts';

const giveTheApiMs = 3000;

/** Wakes what keeps the clusters where something waits: a signal that was lost, a workflow that was ended in the Temporal UI. */
export async function wakeClusterings(sweeper: Sweeper): Promise<number> {
  const projects = await projectsToWake(sweeper.db, giveTheApiMs);
  return sweeper.each(
    (project) => `clustering of ${project}`,
    projects,
    (project) => wake(sweeper, project),
  );
}

async function wake({ db, client, newId }: Sweeper, project: string): Promise<void> {
  const operationId = await ensureClustering(db, project, newId);
  const { type, options } = wakeOptions({ operationId, project }, 'operations');
  await client.workflow.signalWithStart(type, options);
}
