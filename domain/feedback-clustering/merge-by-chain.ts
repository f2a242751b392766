import { areApart, averageOf, type Clusters, linkBetween, mergeClusters } from './clusters.ts';
import { onGrid } from './grid.ts';

/**
 * The same clusters as `mergeGreedily` without an edge: follows nearest neighbours until two are each other's, and merges them. Average
 * linkage is reducible (a merged cluster is nearer to nothing than its parts were; keeping clusters apart only adds distance), and ties
 * have one fixed order, so the order of the merges does not matter. Time grows with the square of the clusters, memory with the clusters.
 */
export function mergeByChain(clusters: Clusters, threshold: number): void {
  const all = [...clusters.sizes.keys()];
  const walk: Walk = { clusters, standing: all, chain: [], least: onGrid(threshold) };
  while (walk.standing.length > 1) step(walk);
}

interface Walk {
  readonly clusters: Clusters;
  /** Clusters that may still merge, ascending. */
  standing: number[];
  readonly chain: number[];
  readonly least: number;
}

function step(walk: Walk): void {
  const { chain, clusters } = walk;
  const [first = 0] = walk.standing;
  if (chain.length === 0) chain.push(first);
  const top = chain.at(-1) ?? first;
  const nearest = nearestTo(walk, top);
  if (nearest === -1) {
    chain.pop();
    leave(walk, top);
  } else if (nearest === chain.at(-2)) {
    chain.length -= 2;
    mergeClusters(clusters, Math.min(top, nearest), Math.max(top, nearest));
    leave(walk, Math.max(top, nearest));
  } else follow(chain, nearest);
}

/** A neighbour that is in the chain already is there from before a merge: what came after it is walked again. */
function follow(chain: number[], nearest: number): void {
  const known = chain.indexOf(nearest);
  if (known === -1) chain.push(nearest);
  else chain.length = known + 1;
}

/** The most similar cluster, -1 when none is as similar as the threshold; among equals that of the pair which comes first. */
function nearestTo({ clusters, standing, least }: Walk, top: number): number {
  let best = -1;
  let most = least;
  for (const other of standing) {
    if (other === top) continue;
    const average = averageOf(clusters, top, other, linkBetween(clusters, top, other));
    // Ascending order: of equal pairs the first one has the lowest other end, and so the lowest ends.
    if ((average > most || (average === most && best === -1)) && !areApart(clusters, top, other))
      [best, most] = [other, average];
  }
  return best;
}

function leave(walk: Walk, cluster: number): void {
  walk.standing = walk.standing.filter((other) => other !== cluster);
}
