import { carryIds } from '../../domain/feedback-clustering/identities.ts';
import type { Clustered } from '../../clustering-threads/messages.ts';
import { commitChange } from './commit.ts';
import type { Desk } from './desk.ts';
import type { FeedbackClusteringTools } from './tools.ts';

/** A comparison of all items whose clusters may have changed, on its way in other threads. */
export interface Consolidation {
  readonly rows: readonly number[];
  readonly clustered: Promise<Clustered>;
  stop(): void;
  /** How it ended, once it has. */
  ended(): boolean;
}

export function beginConsolidation(tools: FeedbackClusteringTools, { workspace }: Desk): Consolidation {
  const rows = workspace.begin();
  const stopping = new AbortController();
  let isOver = false;
  const clustered = tools.threads
    .cluster(workspace.jobOf(rows), stopping.signal)
    .finally(() => (isOver = true));
  // Whoever stops it does not look at it again.
  clustered.catch(() => undefined);
  return { rows, clustered, stop: () => stopping.abort(), ended: () => isOver };
}

export interface Consolidated {
  readonly newClusters: readonly string[];
  readonly updatedClusters: readonly string[];
}

/** Writes what came out. Ids stay with those who share most members; what came in meanwhile goes along with its cluster. */
export async function endConsolidation(
  tools: FeedbackClusteringTools,
  desk: Desk,
  { rows, clustered }: Consolidation,
): Promise<Consolidated> {
  const { leaders, parents } = await clustered;
  const { workspace } = desk;
  const before = new Map(rows.map((row) => [row, workspace.rows[row]?.clusterId ?? '']));
  const carried = carryIds(knownClusters(desk, rows), groupsOf(desk, rows, leaders), {
    pinned: lockedClusters(desk, rows),
    mint: () => tools.newId(),
  });
  for (const { id, members } of carried.clusters)
    for (const member of members) workspace.assign(workspace.rowOf(member) ?? 0, id);
  const followed = follow(desk, new Set(rows), carried.redirects);
  workspace.settle(rows, parents);
  const changed = rows.filter(
    (row) =>
      workspace.rows[row]?.isProvisional === true || workspace.rows[row]?.clusterId !== before.get(row),
  );
  for (const row of changed) {
    const item = workspace.rows[row];
    if (item !== undefined) item.isProvisional = false;
  }
  const left = changed.map((row) => before.get(row) ?? '').filter((id) => id !== '');
  const redirects = carried.redirects;
  if (changed.length + followed.length > 0)
    await commitChange(tools, desk, {
      ...{ rows: [...changed, ...followed], left, redirects, begun: [], isCertain: true },
    });
  const known = new Set(before.values());
  const entered = [...new Set(changed.map((row) => workspace.rows[row]?.clusterId ?? ''))];
  return {
    newClusters: entered.filter((id) => !known.has(id)),
    updatedClusters: entered.filter((id) => known.has(id)),
  };
}

/** As they are now, among the compared rows, the oldest first: ids sort by time. */
function knownClusters({ workspace }: Desk, rows: readonly number[]) {
  const members = new Map<string, string[]>();
  for (const row of rows) {
    const { id, clusterId } = workspace.rows[row] ?? { id: '', clusterId: '' };
    if (clusterId === '') continue;
    const own = members.get(clusterId);
    if (own === undefined) members.set(clusterId, [id]);
    else own.push(id);
  }
  return [...members].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, own]) => ({ id, members: own }));
}

function groupsOf({ workspace }: Desk, rows: readonly number[], leaders: Int32Array): string[][] {
  const groups = new Map<number, string[]>();
  for (const [at, row] of rows.entries()) {
    const leader = leaders[at] ?? at;
    const group = groups.get(leader);
    const id = workspace.rows[row]?.id ?? '';
    if (group === undefined) groups.set(leader, [id]);
    else group.push(id);
  }
  return [...groups.values()];
}

/** The cluster in which all that a lock holds is. */
function lockedClusters({ workspace }: Desk, rows: readonly number[]): Set<string> {
  const chosen = new Set(rows);
  const first = workspace.constraints.locks.flatMap(({ items }) => {
    const row = workspace.rowOf(items[0] ?? '');
    return row !== undefined && chosen.has(row) ? [workspace.rows[row]?.clusterId ?? ''] : [];
  });
  return new Set(first);
}

/** Items that came in while others were compared, and whose cluster has gone into another one. */
function follow(
  { workspace }: Desk,
  compared: ReadonlySet<number>,
  redirects: ReadonlyMap<string, string | null>,
): number[] {
  return workspace.rows.flatMap((item, row) => {
    const to = compared.has(row) ? null : (redirects.get(item.clusterId) ?? null);
    if (to === null) return [];
    workspace.assign(row, to);
    return [row];
  });
}
