import type { Db } from '../connect.ts';
import { violatedUnique } from '../failures.ts';

/** The one long operation of a project that keeps its clusters; its workflow goes by this id. */
export function clusteringWorkflowId(project: string): string {
  return `feedback-clustering/${project}/clusters`;
}

/** The open operation of the project; made with `newId` when there is none. It holds no slot: it is no work of its own. */
export async function ensureClustering(db: Db, project: string, newId: () => string): Promise<string> {
  for (;;) {
    const open = await openClustering(db, project);
    if (open !== null) return open;
    try {
      const id = newId();
      await db
        .insertInto('operation')
        .values({
          ...{ id, project, kind: 'feedback-clustering', target: 'clusters', started_by: 'holdfast' },
          ...{ status: 'running', phase: 'waiting', summary: 'keeps the clusters of the feedback' },
          workflow_id: clusteringWorkflowId(project),
        })
        .execute();
      return id;
    } catch (error) {
      // Somebody else made it in this moment.
      if (violatedUnique(error) !== 'operation_open') throw error;
    }
  }
}

export async function openClustering(db: Db, project: string): Promise<string | null> {
  const row = await db
    .selectFrom('operation')
    .select('id')
    .where('project', '=', project)
    .where('kind', '=', 'feedback-clustering')
    .where('target', '=', 'clusters')
    .where('status', '!=', 'closed')
    .executeTakeFirst();
  return row?.id ?? null;
}
