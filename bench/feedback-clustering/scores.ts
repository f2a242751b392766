/** How well clusters fit labels, from counts of pairs and of items; 1 is perfect for all. V alone misleads: it likes items alone. */
export interface Scores {
  /** Adjusted Rand index (Hubert and Arabie 1985): 0 is chance. */
  readonly ari: number;
  /** F1 over pairs of items that are together. */
  readonly pair_f1: number;
  /** V-measure (Rosenberg and Hirschberg 2007). */
  readonly v: number;
  /** Clusters, those of one item among them. */
  readonly k: number;
}

export function scoresOf<A, B>(clusters: readonly A[], labels: readonly B[]): Scores {
  const ofCluster = counts(clusters);
  const ofLabel = counts(labels);
  const ofBoth = counts(clusters.map((cluster, index) => `${String(cluster)} ${String(labels[index])}`));
  return {
    ari: adjustedRand(ofCluster, ofLabel, ofBoth, clusters.length),
    pair_f1: (2 * pairsIn(ofBoth)) / (pairsIn(ofCluster) + pairsIn(ofLabel) || 1),
    v: vMeasure(ofCluster, ofLabel, ofBoth, clusters.length),
    k: ofCluster.length,
  };
}

function adjustedRand(
  a: readonly number[],
  b: readonly number[],
  both: readonly number[],
  items: number,
): number {
  const byChance = (pairsIn(a) * pairsIn(b)) / ((items * (items - 1)) / 2);
  const most = (pairsIn(a) + pairsIn(b)) / 2;
  return most === byChance ? 1 : (pairsIn(both) - byChance) / (most - byChance);
}

/** Harmonic mean of homogeneity and completeness: twice the mutual information over both entropies. */
function vMeasure(
  a: readonly number[],
  b: readonly number[],
  both: readonly number[],
  items: number,
): number {
  const [entropyA, entropyB] = [entropy(a, items), entropy(b, items)];
  const mutual = entropyA + entropyB - entropy(both, items);
  return entropyA + entropyB === 0 ? 1 : (2 * mutual) / (entropyA + entropyB);
}

function entropy(sizes: readonly number[], items: number): number {
  return sizes.reduce((sum, size) => sum - (size / items) * Math.log(size / items), 0);
}

function pairsIn(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + (size * (size - 1)) / 2, 0);
}

function counts(values: readonly unknown[]): number[] {
  const found = new Map<unknown, number>();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  return [...found.values()];
}
