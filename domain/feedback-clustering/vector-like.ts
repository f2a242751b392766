import { checkOptions } from './agglomerative.ts';
import { mergeStances, rankedAtoms } from './atoms.ts';
import { areApart, averageOf, type Clusters, clustersOf, linkBetween } from './clusters.ts';
import { disjointSets, rootOf, unite } from './disjoint-sets.ts';
import { onGrid } from './grid.ts';
import { leadersOf } from './leaders.ts';
import type { ClusterInput, ClusterOptions, Leaders } from './strategy.ts';

/**
 * Online, in the order of the ids: an item goes to the cluster of the first earlier item that is at least as similar as the threshold.
 * Simple and prone to chains: two items of a cluster may have nothing in common. Time grows with the square of the items.
 */
export function vectorLike(input: ClusterInput, options: ClusterOptions): Leaders {
  checkOptions(options);
  const ranked = rankedAtoms(input);
  const clusters = clustersOf(input.vectors, ranked.rows, ranked.atoms);
  const merged = disjointSets(ranked.atoms.length);
  for (const atom of ranked.atoms.keys()) {
    const first = firstSimilar(
      clusters,
      (earlier) => rootOf(merged, earlier),
      atom,
      onGrid(options.threshold),
    );
    if (first === -1) continue;
    const [own, added] = [clusters.stances[first], clusters.stances[atom]];
    if (own !== undefined && added !== undefined) clusters.stances[first] = mergeStances(own, added);
    unite(merged, first, atom);
  }
  return leadersOf(ranked, merged, options.minSize);
}

/** The cluster, by its first atom, of the first earlier atom that is similar and may take this one; or -1. */
function firstSimilar(clusters: Clusters, rootOfAtom: (atom: number) => number, atom: number, least: number) {
  for (let earlier = 0; earlier < atom; earlier += 1) {
    const similarity = averageOf(clusters, earlier, atom, linkBetween(clusters, earlier, atom));
    const cluster = rootOfAtom(earlier);
    if (similarity >= least && !areApart(clusters, cluster, atom)) return cluster;
  }
  return -1;
}
