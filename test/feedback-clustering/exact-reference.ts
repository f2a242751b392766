import type { Constraints } from '../../domain/feedback-clustering/constraints.ts';

/** A vector of whole numbers whose length is a whole number too, so that every cosine is a fraction. */
export interface WholeVector {
  readonly values: readonly number[];
  readonly length: number;
}

/** A multiple of every length below: unit vectors times this are whole. */
const common = 630;

/** Of the kinds that give many ties: equal vectors, right angles, opposite ones, zeros, and lengths of 1, 2, 3, 5, 7 and 9. */
export const wholeVectors: readonly WholeVector[] = [
  ...[
    [0, 0, 0, 0],
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 0, 1],
    [-1, 0, 0, 0],
    [1, 1, 1, 1],
    [1, 1, 1, -1],
    [1, 1, -1, -1],
    [3, 4, 0, 0],
    [4, 3, 0, 0],
    [0, 3, 4, 0],
    [1, 2, 2, 0],
    [2, 2, 1, 0],
    [2, 1, 2, 0],
    [2, 3, 6, 0],
    [6, 3, 2, 0],
    [3, 6, 2, 0],
    [1, 4, 8, 0],
    [8, 4, 1, 0],
    [4, 8, 0, 1],
  ].map((values) => ({ values, length: Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)) })),
];

export interface ExactInput {
  readonly ids: readonly string[];
  readonly vectors: readonly WholeVector[];
  /** In hundredths. */
  readonly threshold: number;
  readonly constraints: Constraints;
}

/**
 * Average linkage as the textbook has it: look at all pairs of clusters, merge the best, start again. In whole numbers alone, so that
 * nothing is rounded; of equal pairs the one with the smallest ids. Clusters of ids, each ascending, in the order of their first ids.
 */
export function exactClusters({ ids, vectors, threshold, constraints }: ExactInput): string[][] {
  const unit = new Map(ids.map((id, index) => [id, wholeUnit(vectors[index])]));
  let clusters = startingGroups(ids, constraints);
  for (;;) {
    const best = bestPair(clusters, unit, threshold, constraints);
    if (best === null) return clusters;
    const [a, b] = best;
    const merged = [...(clusters[a] ?? []), ...(clusters[b] ?? [])].sort();
    clusters = sortedGroups([...clusters.filter((_, index) => index !== a && index !== b), merged]);
  }
}

function bestPair(
  clusters: readonly string[][],
  unit: ReadonlyMap<string, readonly number[]>,
  threshold: number,
  constraints: Constraints,
): [number, number] | null {
  let best: { pair: [number, number]; link: number; size: number } | null = null;
  for (const [a, one] of clusters.entries()) {
    for (const [b, other] of clusters.entries()) {
      if (b <= a || mustStayApart(one, other, constraints)) continue;
      const link = one.reduce((sum, x) => sum + other.reduce((part, y) => part + product(unit, x, y), 0), 0);
      const size = one.length * other.length;
      if (link * 100 < threshold * common * common * size) continue;
      if (best === null || link * best.size > best.link * size) best = { pair: [a, b], link, size };
    }
  }
  return best?.pair ?? null;
}

export function mustStayApart(
  one: readonly string[],
  other: readonly string[],
  constraints: Constraints,
): boolean {
  const touches = (cluster: readonly string[], items: readonly string[]) =>
    items.some((id) => cluster.includes(id));
  const locksOf = (cluster: readonly string[]) =>
    constraints.locks.filter(({ items }) => touches(cluster, items));
  const [locksOfOne, locksOfOther] = [locksOf(one), locksOf(other)];
  if ([...locksOfOne, ...locksOfOther].some(({ mode }) => mode === 'closed')) return true;
  if (locksOfOne.length > 0 && locksOfOther.length > 0) return true;
  return constraints.apart.some(
    ({ left, right }) =>
      (touches(one, left) && touches(other, right)) || (touches(one, right) && touches(other, left)),
  );
}

function startingGroups(ids: readonly string[], { together }: Constraints): string[][] {
  const groups = together.map((group) => group.filter((id) => ids.includes(id)).sort());
  const grouped = new Set(groups.flat());
  const single = ids.filter((id) => !grouped.has(id)).map((id) => [id]);
  return sortedGroups([...groups.filter((group) => group.length > 0), ...single]);
}

function sortedGroups(groups: readonly string[][]): string[][] {
  return [...groups].sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
}

function product(unit: ReadonlyMap<string, readonly number[]>, x: string, y: string): number {
  const other = unit.get(y) ?? [];
  return (unit.get(x) ?? []).reduce((sum, value, k) => sum + value * (other[k] ?? 0), 0);
}

function wholeUnit(vector: WholeVector | undefined): number[] {
  const { values, length } = vector ?? { values: [], length: 0 };
  return values.map((value) => (length === 0 ? 0 : (value * common) / length));
}
