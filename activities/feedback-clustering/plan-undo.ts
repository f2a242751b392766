import type { Db } from '../../db/connect.ts';
import type { ClusterPatch } from '../../db/feedback-clustering/clusters.ts';
import { findEdit, type ClusterBefore } from '../../db/feedback-clustering/edits.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Desk } from './desk.ts';
import { membersOf } from './members.ts';
import type { EditPlan } from './plan-edit.ts';

/**
 * Takes an edit back: its clusters are as they were, and what it said does not hold any more. Items that came since are compared again.
 * Throws `not-found` or `conflict`.
 */
export async function planUndo(db: Db, { project, workspace }: Desk, id: string): Promise<EditPlan> {
  const edit = await findEdit(db, project, id);
  if (edit === null) throw new OpsError('not-found', `there is no edit ${id}`);
  if (edit.undoneAt !== null)
    throw new OpsError('conflict', `the edit ${id} was undone by ${edit.undoneBy ?? 'somebody'} before`);
  if (!edit.isFresh)
    throw new OpsError('conflict', `the edit ${id} is older than 24 hours: make the opposite edit instead`);
  const moves = edit.before.flatMap(({ id: to, members }) => members.map((item) => ({ item, to })));
  const now = new Set(moves.flatMap(({ item }) => clusterOf(item) ?? []));
  const beside = [...membersOf(workspace, now).values()].flat();
  return {
    edit: null,
    moves,
    redirects: new Map(),
    patches: edit.before.map((cluster) => ({ id: cluster.id, patch: patchOf(edit.kind, cluster) })),
    touched: [],
    concerns: beside.map((row) => workspace.rows[row]?.id ?? ''),
    undoes: id,
    answer: `the edit ${id} (${edit.kind}) is undone`,
  };

  function clusterOf(item: string): string | undefined {
    const row = workspace.rowOf(item);
    return row === undefined ? undefined : workspace.rows[row]?.clusterId;
  }
}

/** Only what such an edit changes: somebody may have changed the rest since. */
function patchOf(kind: string, cluster: ClusterBefore): ClusterPatch {
  switch (kind) {
    case 'rename':
      return { title: cluster.title, titled_by: cluster.titledBy };
    case 'set-state':
      return {
        state: cluster.state as ClusterPatch['state'],
        fixed_release: cluster.fixedRelease,
        fixed_at: cluster.fixedAt === null ? null : new Date(cluster.fixedAt),
      };
    case 'lock':
    case 'unlock':
      return { lock: cluster.lock as ClusterPatch['lock'] };
    default:
      return {};
  }
}
