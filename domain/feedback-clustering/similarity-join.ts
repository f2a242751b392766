import { type DisjointSets, disjointSets, unite } from './disjoint-sets.ts';
import { addEdge, type EdgeList, edgeList } from './edge-list.ts';
import { onGrid } from './grid.ts';
import { cosine, type VectorSet } from './vectors.ts';

/** Dot products of a range of rows with another one. What they are off by is known, so that they may be fast and rough. */
export interface DotKernel {
  /** Rows a range has at most. */
  readonly tile: number;
  /** The most that a dot product is off, for rows of length 1. */
  readonly error: number;
  /** The dot product of row `left + i` with row `right + j` is at `i * tile + j` of the answer, which the next call overwrites. */
  dots(left: number, right: number): Float32Array | Float64Array;
}

export interface SimilarityJoin {
  /** Every pair at least as similar as asked for; null when there were more than the budget. */
  readonly edges: EdgeList | null;
  /** Rows that hang together by such pairs: known even when the pairs were too many to keep. */
  readonly sets: DisjointSets;
}

export interface JoinOptions {
  readonly threshold: number;
  readonly kernel: DotKernel;
  /** Pairs that are kept at most. */
  readonly budget: number;
  /** The next tile of rows that nobody has compared yet with itself and all later ones; several callers share the work by it. */
  readonly nextTile: () => number;
}

/** Every pair of rows with a cosine of at least the threshold: the kernel rules out nearly all, full precision decides the rest. */
export function joinSimilar(vectors: VectorSet, options: JoinOptions): SimilarityJoin {
  const { kernel } = options;
  const found: Found = { edges: edgeList(), sets: disjointSets(vectors.count) };
  const tiles = Math.ceil(vectors.count / kernel.tile);
  for (let tile = options.nextTile(); tile < tiles; tile = options.nextTile()) {
    for (let other = tile; other < tiles; other += 1)
      joinTiles(vectors, options, found, tile * kernel.tile, other * kernel.tile);
  }
  return found;
}

/** Hands out the tiles one after the other, for a join without help. */
export function tilesInOrder(): () => number {
  let next = 0;
  return () => next++;
}

interface Found {
  edges: EdgeList | null;
  readonly sets: DisjointSets;
}

function joinTiles(vectors: VectorSet, options: JoinOptions, found: Found, left: number, right: number) {
  const { kernel, threshold } = options;
  const { count, inverseLengths } = vectors;
  const dots = kernel.dots(left, right);
  const least = threshold - kernel.error - 1e-9;
  const leftEnd = Math.min(left + kernel.tile, count);
  const rightEnd = Math.min(right + kernel.tile, count);
  for (let i = left; i < leftEnd; i += 1) {
    const inverse = inverseLengths[i] ?? 0;
    const line = (i - left) * kernel.tile - right;
    for (let j = left === right ? i + 1 : right; j < rightEnd; j += 1) {
      const rough = (dots[line + j] ?? 0) * (inverse * (inverseLengths[j] ?? 0));
      if (rough >= least) judgePair(vectors, options, found, i, j);
    }
  }
}

function judgePair(
  vectors: VectorSet,
  { threshold, budget }: JoinOptions,
  found: Found,
  i: number,
  j: number,
) {
  const similarity = cosine(vectors, i, j);
  if (onGrid(similarity) < onGrid(threshold)) return;
  unite(found.sets, i, j);
  if (found.edges === null) return;
  if (found.edges.count < budget) addEdge(found.edges, i, j, similarity);
  else found.edges = null;
}
