import { areApart, averageOf, type Clusters, linkBetween, mergeClusters } from './clusters.ts';
import type { EdgeList } from './edge-list.ts';
import { type EdgeQueue, edgeQueue, place, remove, strongest } from './edge-queue.ts';
import { onGrid } from './grid.ts';

/**
 * Merges the two most similar clusters again and again until none are as similar as the threshold. Only clusters with an edge between
 * them are looked at, which loses nothing: an average is at least the threshold only if some pair of members is.
 * `edges` names each pair of clusters once, with the sum of the cosines between their members.
 */
export function mergeGreedily(clusters: Clusters, edges: EdgeList, threshold: number): void {
  const graph = graphOf(clusters, edges, onGrid(threshold));
  for (let best = strongest(graph.queue); best !== -1; best = strongest(graph.queue)) {
    const { low, high } = graph.queue;
    mergeEnds(graph, best, low[best] ?? 0, high[best] ?? 0);
  }
}

interface Graph {
  readonly clusters: Clusters;
  readonly queue: EdgeQueue;
  readonly links: Float64Array;
  /** The edges of each cluster, some of them gone already. */
  readonly edgesAt: Int32Array[];
  /** 1 for an edge that is gone. */
  readonly gone: Uint8Array;
  /** While two clusters merge: the edge from the first one to each neighbour, or -1. */
  readonly edgeTo: Int32Array;
  readonly least: number;
}

function graphOf(clusters: Clusters, edges: EdgeList, least: number): Graph {
  const { count } = edges;
  const low = Int32Array.from({ length: count }, (_, e) => Math.min(edges.left[e] ?? 0, edges.right[e] ?? 0));
  const high = Int32Array.from({ length: count }, (_, e) =>
    Math.max(edges.left[e] ?? 0, edges.right[e] ?? 0),
  );
  const graph: Graph = {
    clusters,
    queue: edgeQueue(low, high),
    links: edges.similarity.slice(0, count),
    edgesAt: edgesByEnd(clusters.sizes.length, low, high),
    gone: new Uint8Array(count),
    edgeTo: new Int32Array(clusters.sizes.length).fill(-1),
    least,
  };
  for (let edge = 0; edge < count; edge += 1) rank(graph, edge);
  return graph;
}

function edgesByEnd(clusters: number, low: Int32Array, high: Int32Array): Int32Array[] {
  const degrees = new Int32Array(clusters);
  for (const end of low) degrees[end] = (degrees[end] ?? 0) + 1;
  for (const end of high) degrees[end] = (degrees[end] ?? 0) + 1;
  const edgesAt = Array.from(degrees, (degree) => new Int32Array(degree));
  const append = (end: number, edge: number) => {
    const left = (degrees[end] ?? 0) - 1;
    degrees[end] = left;
    const list = edgesAt[end];
    if (list !== undefined) list[left] = edge;
  };
  for (const [edge, end] of low.entries()) append(end, edge);
  for (const [edge, end] of high.entries()) append(end, edge);
  return edgesAt;
}

function mergeEnds(graph: Graph, edge: number, a: number, b: number): void {
  drop(graph, edge);
  const ofA = standingEdges(graph, a);
  const ofB = standingEdges(graph, b);
  for (const own of ofA) graph.edgeTo[otherEnd(graph, own, a)] = own;
  const moved = ofB.filter((own) => !absorb(graph, a, b, own));
  for (const own of ofA) completeLink(graph, own, a, b);
  for (const own of moved) reconnect(graph, own, a, b);
  mergeClusters(graph.clusters, a, b);
  graph.edgesAt[b] = new Int32Array(0);
  const all = new Int32Array(ofA.length + moved.length);
  all.set(ofA);
  all.set(moved, ofA.length);
  graph.edgesAt[a] = all;
  for (const own of all) rank(graph, own);
}

/** An edge of `b` whose neighbour `a` knows too goes into that of `a`; else it gets what `a` adds to it, and stays. */
function absorb(graph: Graph, a: number, b: number, edge: number): boolean {
  const { links, edgeTo, clusters } = graph;
  const neighbour = otherEnd(graph, edge, b);
  const known = edgeTo[neighbour] ?? -1;
  if (known === -1) {
    links[edge] = (links[edge] ?? 0) + linkBetween(clusters, a, neighbour);
    return false;
  }
  links[known] = (links[known] ?? 0) + (links[edge] ?? 0);
  edgeTo[neighbour] = -1;
  drop(graph, edge);
  return true;
}

/** An edge of `a` whose neighbour `b` did not know gets what `b` adds to it. */
function completeLink({ links, edgeTo, clusters, queue }: Graph, edge: number, a: number, b: number): void {
  const neighbour = (queue.low[edge] ?? 0) + (queue.high[edge] ?? 0) - a;
  if (edgeTo[neighbour] === -1) return;
  links[edge] = (links[edge] ?? 0) + linkBetween(clusters, b, neighbour);
  edgeTo[neighbour] = -1;
}

function reconnect(graph: Graph, edge: number, a: number, b: number): void {
  const { low, high } = graph.queue;
  const neighbour = otherEnd(graph, edge, b);
  remove(graph.queue, edge);
  low[edge] = Math.min(a, neighbour);
  high[edge] = Math.max(a, neighbour);
}

/** Gives an edge its place in the queue. What people keep apart stays apart whatever merges, so such an edge goes for good. */
function rank(graph: Graph, edge: number): void {
  const { queue, clusters, links, least } = graph;
  const [a, b] = [queue.low[edge] ?? 0, queue.high[edge] ?? 0];
  if (areApart(clusters, a, b)) return drop(graph, edge);
  const average = averageOf(clusters, a, b, links[edge] ?? 0);
  if (average >= least) place(queue, edge, average);
  else remove(queue, edge);
}

function standingEdges({ edgesAt, gone }: Graph, cluster: number): Int32Array {
  return (edgesAt[cluster] ?? new Int32Array(0)).filter((edge) => gone[edge] === 0);
}

function otherEnd({ queue }: Graph, edge: number, end: number): number {
  return (queue.low[edge] ?? 0) + (queue.high[edge] ?? 0) - end;
}

function drop({ queue, gone }: Graph, edge: number): void {
  gone[edge] = 1;
  remove(queue, edge);
}
