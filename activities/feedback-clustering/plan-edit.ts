import type { ClusterCommandFields } from '../../contracts/feedback-clustering.ts';
import { requireCluster, type ClusterPatch } from '../../db/feedback-clustering/clusters.ts';
import type { Edit } from '../../domain/feedback-clustering/edits.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Desk } from './desk.ts';
import { membersOf } from './members.ts';
import type { FeedbackClusteringTools } from './tools.ts';

/** What a command means for items and clusters. */
export interface EditPlan {
  /** What holds from now on; null where memberships stay as they are. */
  readonly edit: Edit | null;
  readonly moves: readonly { readonly item: string; readonly to: string }[];
  readonly redirects: ReadonlyMap<string, string | null>;
  readonly patches: readonly { readonly id: string; readonly patch: ClusterPatch }[];
  /** Clusters whose state before is kept, for taking it back. */
  readonly touched: readonly string[];
  /** Items that are compared again, beside those that move. */
  readonly concerns: readonly string[];
  /** The edit that it takes back. */
  readonly undoes: string | null;
  readonly answer: string;
}

type EditCommand = Exclude<ClusterCommandFields, { kind: 'undo' }>;

const nothing = {
  ...{ edit: null, moves: [], redirects: new Map<string, string | null>() },
  ...{ patches: [], concerns: [], undoes: null },
} as const;

/** Throws `not-found`, `invalid-input` or `conflict`, with what is wrong. */
export async function planEdit(
  { db, newId }: FeedbackClusteringTools,
  desk: Desk,
  command: EditCommand,
  { by }: { readonly id: string; readonly by: string },
): Promise<EditPlan> {
  const standing = async (id: string) => (await requireCluster(db, desk.project, id)).id;
  switch (command.kind) {
    case 'merge':
      return planMerge(desk, await standing(command.cluster), await standing(command.into));
    case 'split':
      return planSplit(desk, await standing(command.cluster), command.items, newId());
    case 'move':
      return planMove(desk, command.items, await standing(command.to));
    case 'lock':
    case 'unlock':
      return planLock(desk, await standing(command.cluster), command.kind === 'lock' ? command.mode : null);
    case 'must-link':
      return planMustLink(desk, command.items);
    case 'cannot-link':
      return planCannotLink(desk, command, newId());
    case 'rename': {
      const id = await standing(command.cluster);
      const patch = { title: command.title, titled_by: by };
      return {
        ...nothing,
        patches: [{ id, patch }],
        touched: [id],
        answer: `${id} is called ${command.title}`,
      };
    }
    case 'set-state': {
      const id = await standing(command.cluster);
      const isFixed = command.state === 'fixed';
      const patch: ClusterPatch = {
        state: command.state,
        fixed_at: isFixed ? new Date() : null,
        fixed_release: isFixed ? (command.release ?? null) : null,
      };
      return { ...nothing, patches: [{ id, patch }], touched: [id], answer: `${id} is ${command.state}` };
    }
  }
}

function planMerge(desk: Desk, from: string, into: string): EditPlan {
  if (from === into)
    throw new OpsError(
      'invalid-input',
      `/into names the same cluster: name another one to merge ${from} into`,
    );
  const [moving, staying] = [itemsOf(desk, from), itemsOf(desk, into)];
  return {
    ...nothing,
    edit: { kind: 'together', items: [...staying, ...moving] },
    moves: moving.map((item) => ({ item, to: into })),
    redirects: new Map([[from, into]]),
    touched: [from, into],
    concerns: staying,
    answer: `${moving.length} items of ${from} are in ${into}`,
  };
}

function planSplit(desk: Desk, cluster: string, items: readonly string[], fresh: string): EditPlan {
  const all = itemsOf(desk, cluster);
  const stranger = items.find((item) => !all.includes(item));
  if (stranger !== undefined)
    throw new OpsError(
      'invalid-input',
      `/items names ${stranger}, which is not in ${cluster}: name members of it`,
    );
  const leaving = new Set(items);
  const staying = all.filter((item) => !leaving.has(item));
  if (staying.length === 0)
    throw new OpsError('invalid-input', `/items names all members of ${cluster}: leave one of them out`);
  return {
    ...nothing,
    edit: { kind: 'apart', items: [...leaving], from: staying },
    moves: [...leaving].map((item) => ({ item, to: fresh })),
    touched: [cluster],
    concerns: staying,
    answer: `${leaving.size} items of ${cluster} are in ${fresh}`,
  };
}

function planMove(desk: Desk, items: readonly string[], to: string): EditPlan {
  const target = itemsOf(desk, to);
  const moving = new Set(items);
  const sources = [...new Set(items.map((item) => clusterOf(desk, item)))].filter((id) => id !== to);
  const from = sources.flatMap((id) => itemsOf(desk, id)).filter((item) => !moving.has(item));
  const staying = target.filter((item) => !moving.has(item));
  if (staying.length === 0)
    throw new OpsError('invalid-input', `/to names a cluster that has no items but those: ${to}`);
  return {
    ...nothing,
    edit: { kind: 'move', items: [...moving], from, to: staying },
    moves: [...moving].map((item) => ({ item, to })),
    redirects: new Map(
      sources.filter((id) => itemsOf(desk, id).every((item) => moving.has(item))).map((id) => [id, to]),
    ),
    touched: [...sources, to],
    concerns: [...from, ...staying],
    answer: `${moving.size} items are in ${to}`,
  };
}

function planLock(desk: Desk, cluster: string, mode: 'open' | 'closed' | null): EditPlan {
  const items = itemsOf(desk, cluster);
  return {
    ...nothing,
    edit: mode === null ? { kind: 'unlock', items } : { kind: 'lock', items, mode },
    patches: [{ id: cluster, patch: { lock: mode } }],
    touched: [cluster],
    concerns: items,
    answer: mode === null ? `${cluster} is unlocked` : `${cluster} is locked (${mode})`,
  };
}

function planMustLink(desk: Desk, items: readonly string[]): EditPlan {
  const own = [...new Set(items)];
  const [first = ''] = own;
  if (own.length < 2)
    throw new OpsError('invalid-input', '/items names one item: name at least two that belong together');
  const to = clusterOf(desk, first);
  const clusters = [...new Set(own.map((item) => clusterOf(desk, item)))];
  return {
    ...nothing,
    edit: { kind: 'together', items: own },
    moves: own.map((item) => ({ item, to })),
    redirects: new Map(
      clusters
        .filter((id) => id !== to && itemsOf(desk, id).every((item) => own.includes(item)))
        .map((id) => [id, to]),
    ),
    touched: clusters,
    concerns: clusters.flatMap((id) => itemsOf(desk, id)),
    answer: `${own.length} items stay in one cluster`,
  };
}

function planCannotLink(
  desk: Desk,
  { items, from }: Extract<EditCommand, { kind: 'cannot-link' }>,
  fresh: string,
): EditPlan {
  const clusters = new Set(from.map((item) => clusterOf(desk, item)));
  const leaving = [...new Set(items)].filter((item) => clusters.has(clusterOf(desk, item)));
  const touched = [...new Set([...clusters, ...items.map((item) => clusterOf(desk, item))])];
  return {
    ...nothing,
    edit: { kind: 'apart', items: [...new Set(items)], from: [...new Set(from)] },
    moves: leaving.map((item) => ({ item, to: fresh })),
    touched,
    concerns: touched.flatMap((id) => itemsOf(desk, id)),
    answer: `${items.length} items are kept apart from ${from.length} others`,
  };
}

function itemsOf({ workspace }: Desk, cluster: string): string[] {
  const rows = membersOf(workspace, new Set([cluster])).get(cluster) ?? [];
  return rows.map((row) => workspace.rows[row]?.id ?? '');
}

function clusterOf({ workspace }: Desk, item: string): string {
  const row = workspace.rowOf(item);
  const clusterId = row === undefined ? undefined : workspace.rows[row]?.clusterId;
  if (clusterId !== undefined) return clusterId;
  throw new OpsError('not-found', `the item ${item} is in no cluster (yet): name one that is`);
}
