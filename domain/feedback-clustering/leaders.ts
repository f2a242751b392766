import type { RankedAtoms } from './atoms.ts';
import { type DisjointSets, rootOf } from './disjoint-sets.ts';
import type { Leaders } from './strategy.ts';

/** From sets of atoms to rows. A cluster under the least size comes apart into its atoms. */
export function leadersOf({ rows, atoms }: RankedAtoms, merged: DisjointSets, minSize: number): Leaders {
  const sizes = new Int32Array(atoms.length);
  for (const [index, { members }] of atoms.entries()) {
    const root = rootOf(merged, index);
    sizes[root] = (sizes[root] ?? 0) + members.length;
  }
  const leaders = new Int32Array(rows.length);
  for (const [index, { members }] of atoms.entries()) {
    const root = rootOf(merged, index);
    const first = atoms[(sizes[root] ?? 0) < minSize ? index : root]?.members[0] ?? 0;
    for (const rank of members) leaders[rows[rank] ?? 0] = rows[first] ?? 0;
  }
  return leaders;
}

/** The ids of each cluster, ascending; clusters in the order of their first ids. Clusters of one are among them. */
export function idsByLeader(ids: readonly string[], leaders: Leaders): string[][] {
  const found = new Map<number, string[]>();
  for (const [row, id] of ids.entries()) {
    const leader = leaders[row] ?? row;
    const members = found.get(leader);
    if (members === undefined) found.set(leader, [id]);
    else members.push(id);
  }
  const clusters = [...found.values()].map((members) => members.sort());
  return clusters.sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
}
