import type { RankedAtoms } from './atoms.ts';
import { type Clusters, linkBetween } from './clusters.ts';
import { disjointSets, membersBySet, rootOf, unite } from './disjoint-sets.ts';
import { addEdge, type EdgeList, edgeList } from './edge-list.ts';
import type { SimilarityJoin } from './similarity-join.ts';

/** Atoms that hang together by similar pairs of their items, ascending, and the edges between them if they were kept. */
export interface Component {
  readonly atoms: readonly number[];
  /** Where its edges stand in `Components.order`. */
  readonly from: number;
  readonly to: number;
}

export interface Components {
  readonly components: readonly Component[];
  /** Numbers of the edges of the join, those of one component together. */
  readonly order: Int32Array;
  readonly atomOfRow: Int32Array;
  /** The number of each atom within its component. */
  readonly localOfAtom: Int32Array;
}

/** Splits atoms and edges into components; those of a single atom are left out, because nothing happens in them. */
export function componentsOf(ranked: RankedAtoms, join: SimilarityJoin): Components {
  const atomOfRow = atomsByRow(ranked);
  const sets = disjointSets(ranked.atoms.length);
  for (const [row, atom] of atomOfRow.entries()) unite(sets, atom, atomOfRow[rootOf(join.sets, row)] ?? atom);
  const groups = membersBySet(sets).filter((atoms) => atoms.length > 1);
  const localOfAtom = new Int32Array(ranked.atoms.length);
  const componentOfAtom = new Int32Array(ranked.atoms.length).fill(-1);
  for (const [index, atoms] of groups.entries()) {
    for (const [local, atom] of atoms.entries()) {
      localOfAtom[atom] = local;
      componentOfAtom[atom] = index;
    }
  }
  const componentOf = (row: number) => componentOfAtom[atomOfRow[row] ?? 0] ?? -1;
  const { order, starts } = bucketed(join.edges, groups.length, componentOf);
  const components = groups.map((atoms, index) => ({
    atoms,
    from: starts[index] ?? 0,
    to: starts[index + 1] ?? 0,
  }));
  return { components, order, atomOfRow, localOfAtom };
}

/** The edges between the clusters of a component, each pair once, with the sum of the cosines between all their members. */
export function edgesBetween(
  clusters: Clusters,
  { from, to }: Component,
  { order, atomOfRow, localOfAtom }: Components,
  edges: EdgeList,
): EdgeList {
  const found = edgeList(to - from);
  const seen = new Set<number>();
  const clusterOf = (row: number) => localOfAtom[atomOfRow[row] ?? 0] ?? 0;
  for (let at = from; at < to; at += 1) {
    const edge = order[at] ?? 0;
    const [a, b] = [clusterOf(edges.left[edge] ?? 0), clusterOf(edges.right[edge] ?? 0)];
    if (a === b) continue;
    if (clusters.sizes[a] === 1 && clusters.sizes[b] === 1) addEdge(found, a, b, edges.similarity[edge] ?? 0);
    else addOnce(found, seen, clusters, Math.min(a, b), Math.max(a, b));
  }
  return found;
}

function addOnce(found: EdgeList, seen: Set<number>, clusters: Clusters, a: number, b: number): void {
  const pair = a * clusters.sizes.length + b;
  if (seen.has(pair)) return;
  seen.add(pair);
  addEdge(found, a, b, linkBetween(clusters, a, b));
}

function atomsByRow({ rows, atoms }: RankedAtoms): Int32Array {
  const atomOfRow = new Int32Array(rows.length);
  for (const [index, { members }] of atoms.entries()) {
    for (const rank of members) atomOfRow[rows[rank] ?? 0] = index;
  }
  return atomOfRow;
}

/** Counting sort of the edges by component. An edge within one atom belongs to none that is left, or does no harm. */
function bucketed(edges: EdgeList | null, components: number, componentOf: (row: number) => number) {
  const starts = new Int32Array(components + 1);
  const count = edges?.count ?? 0;
  for (let edge = 0; edge < count; edge += 1) {
    const component = componentOf(edges?.left[edge] ?? 0);
    if (component !== -1) starts[component + 1] = (starts[component + 1] ?? 0) + 1;
  }
  for (let index = 1; index <= components; index += 1)
    starts[index] = (starts[index] ?? 0) + (starts[index - 1] ?? 0);
  const next = starts.slice();
  const order = new Int32Array(starts[components] ?? 0);
  for (let edge = 0; edge < count; edge += 1) {
    const component = componentOf(edges?.left[edge] ?? 0);
    if (component === -1) continue;
    order[next[component] ?? 0] = edge;
    next[component] = (next[component] ?? 0) + 1;
  }
  return { order, starts };
}
