import { checkOptions } from './agglomerative.ts';
import { rankedAtoms } from './atoms.ts';
import { areApart, type Clusters, clustersOf, linkBetween, mergeClusters } from './clusters.ts';
import { disjointSets, unite } from './disjoint-sets.ts';
import { onGrid } from './grid.ts';
import { leadersOf } from './leaders.ts';
import type { ClusterInput, ClusterOptions, Leaders } from './strategy.ts';

/**
 * Online, in the order of the ids: an item goes to the cluster whose centroid, the direction of its mean, is most similar, if that is at
 * least the threshold; else it begins one. Of equally similar clusters the oldest takes it. Time grows with items x clusters.
 */
export function centroid(input: ClusterInput, options: ClusterOptions): Leaders {
  checkOptions(options);
  const ranked = rankedAtoms(input);
  const clusters = clustersOf(input.vectors, ranked.rows, ranked.atoms);
  const lengths = Float64Array.from(ranked.atoms, (_, index) => lengthOf(clusters, index));
  const merged = disjointSets(ranked.atoms.length);
  const begun: number[] = [];
  for (const atom of ranked.atoms.keys()) {
    const nearest = nearestCentroid(clusters, lengths, begun, atom, onGrid(options.threshold));
    if (nearest === -1) begun.push(atom);
    else {
      mergeClusters(clusters, nearest, atom);
      lengths[nearest] = lengthOf(clusters, nearest);
      unite(merged, nearest, atom);
    }
  }
  return leadersOf(ranked, merged, options.minSize);
}

function nearestCentroid(
  clusters: Clusters,
  lengths: Float64Array,
  begun: readonly number[],
  atom: number,
  least: number,
): number {
  let [nearest, most] = [-1, least - 1];
  for (const cluster of begun) {
    const length = (lengths[cluster] ?? 0) * (lengths[atom] ?? 0);
    const similarity = length === 0 ? 0 : onGrid(linkBetween(clusters, cluster, atom) / length);
    if (similarity > most && !areApart(clusters, cluster, atom)) [nearest, most] = [cluster, similarity];
  }
  return nearest;
}

function lengthOf(clusters: Clusters, cluster: number): number {
  return Math.sqrt(linkBetween(clusters, cluster, cluster));
}
