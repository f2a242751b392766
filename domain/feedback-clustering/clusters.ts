import { type Atom, isApart, mergeStances, type Stance } from './atoms.ts';
import { onGrid } from './grid.ts';
import { dot, rowOf, type VectorSet } from './vectors.ts';

/**
 * Clusters that grow by merging. One cluster is its size and the sum of its unit vectors, nothing more: the average cosine between the
 * members of two clusters is the product of their sums over the product of their sizes. So memory grows with the items, not with pairs.
 * A cluster has the number of that atom of it which comes first.
 */
export interface Clusters {
  readonly sizes: Int32Array;
  /** Which cluster a merged one went into; itself while it stands. */
  readonly into: Int32Array;
  /** A single row as it is stored, or the sum of several rows of length 1. */
  readonly sums: (Float32Array | Float64Array | null)[];
  /** What brings the sum to rows of length 1. */
  readonly scales: Float64Array;
  readonly stances: Stance[];
}

export function clustersOf(vectors: VectorSet, rows: Int32Array, atoms: readonly Atom[]): Clusters {
  const clusters: Clusters = {
    sizes: Int32Array.from(atoms, ({ members }) => members.length),
    into: Int32Array.from(atoms, (_, index) => index),
    sums: [],
    scales: new Float64Array(atoms.length).fill(1),
    stances: atoms.map(({ stance }) => stance),
  };
  for (const [index, { members }] of atoms.entries()) {
    const own = members.map((rank) => rows[rank] ?? 0);
    const [first = 0] = own;
    clusters.sums.push(own.length === 1 ? rowOf(vectors, first) : sumOf(vectors, own));
    if (own.length === 1) clusters.scales[index] = vectors.inverseLengths[first] ?? 0;
  }
  return clusters;
}

/** Sum of the cosines between the members of the one and of the other. */
export function linkBetween({ sums, scales }: Clusters, a: number, b: number): number {
  const [sumA, sumB] = [sums[a], sums[b]];
  if (sumA == null || sumB == null) return 0;
  return dot(sumA, sumB) * ((scales[a] ?? 0) * (scales[b] ?? 0));
}

/** Average linkage of two clusters with this link, on the grid. */
export function averageOf({ sizes }: Clusters, a: number, b: number, link: number): number {
  return onGrid(link / ((sizes[a] ?? 1) * (sizes[b] ?? 1)));
}

export function areApart({ stances }: Clusters, a: number, b: number): boolean {
  const [one, other] = [stances[a], stances[b]];
  return one !== undefined && other !== undefined && isApart(one, other);
}

/** `b` goes into `a`, which comes first. */
export function mergeClusters(clusters: Clusters, a: number, b: number): void {
  const { sizes, into, sums, stances } = clusters;
  sums[a] = addedSums(clusters, a, b);
  clusters.scales[a] = 1;
  sums[b] = null;
  sizes[a] = (sizes[a] ?? 0) + (sizes[b] ?? 0);
  into[b] = a;
  const [one, other] = [stances[a], stances[b]];
  if (one !== undefined && other !== undefined) stances[a] = mergeStances(one, other);
}

export function standing({ into }: Clusters, cluster: number): number {
  let at = cluster;
  for (let next = into[at] ?? at; next !== at; next = into[at] ?? at) at = next;
  return at;
}

/** The sum that is already a sum takes the other in, so that no memory is asked for. */
function addedSums(clusters: Clusters, a: number, b: number): Float64Array {
  const [larger, smaller] = clusters.sums[a] instanceof Float64Array ? [a, b] : [b, a];
  const sum = ownSum(clusters, larger);
  const added = clusters.sums[smaller] ?? new Float64Array(sum.length);
  const scale = clusters.scales[smaller] ?? 1;
  for (let k = 0; k < sum.length; k += 1) sum[k] = (sum[k] ?? 0) + (added[k] ?? 0) * scale;
  return sum;
}

function ownSum({ sums, scales }: Clusters, cluster: number): Float64Array {
  const sum = sums[cluster];
  if (sum instanceof Float64Array) return sum;
  const scale = scales[cluster] ?? 1;
  return Float64Array.from(sum ?? [], (value) => value * scale);
}

function sumOf(vectors: VectorSet, rows: readonly number[]): Float64Array {
  const sum = new Float64Array(vectors.dimensions);
  for (const row of rows) {
    const scale = vectors.inverseLengths[row] ?? 0;
    for (const [k, value] of rowOf(vectors, row).entries()) sum[k] = (sum[k] ?? 0) + value * scale;
  }
  return sum;
}
