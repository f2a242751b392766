/** Edges of a graph between clusters, and which of them is the strongest: a binary heap that knows where each edge stands. */
export interface EdgeQueue {
  /** The endpoints, the lower one in `low`. */
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** Strength of each edge; among equals the one with the lower endpoints comes first. */
  readonly strengths: Float64Array;
  readonly heap: Int32Array;
  /** Where an edge stands in the heap, or -1. */
  readonly places: Int32Array;
  length: number;
}

export function edgeQueue(low: Int32Array, high: Int32Array): EdgeQueue {
  const count = low.length;
  return {
    low,
    high,
    strengths: new Float64Array(count),
    heap: new Int32Array(count),
    places: new Int32Array(count).fill(-1),
    length: 0,
  };
}

/** The strongest edge, or -1. */
export function strongest({ heap, length }: EdgeQueue): number {
  return length === 0 ? -1 : (heap[0] ?? -1);
}

/** Puts the edge in its place, whether it stood in the heap or not. */
export function place(queue: EdgeQueue, edge: number, strength: number): void {
  queue.strengths[edge] = strength;
  if ((queue.places[edge] ?? -1) === -1) {
    put(queue, queue.length, edge);
    queue.length += 1;
  }
  rise(queue, edge);
  sink(queue, edge);
}

export function remove(queue: EdgeQueue, edge: number): void {
  const at = queue.places[edge] ?? -1;
  if (at === -1) return;
  queue.places[edge] = -1;
  queue.length -= 1;
  const last = queue.heap[queue.length] ?? -1;
  if (last === edge) return;
  put(queue, at, last);
  rise(queue, last);
  sink(queue, last);
}

function put({ heap, places }: EdgeQueue, at: number, edge: number): void {
  heap[at] = edge;
  places[edge] = at;
}

function rise(queue: EdgeQueue, edge: number): void {
  let at = queue.places[edge] ?? 0;
  while (at > 0) {
    const parent = queue.heap[(at - 1) >> 1] ?? 0;
    if (!isBefore(queue, edge, parent)) break;
    put(queue, at, parent);
    at = (at - 1) >> 1;
  }
  put(queue, at, edge);
}

function sink(queue: EdgeQueue, edge: number): void {
  let at = queue.places[edge] ?? 0;
  for (let child = 2 * at + 1; child < queue.length; child = 2 * at + 1) {
    const [left, right] = [queue.heap[child] ?? 0, queue.heap[child + 1] ?? 0];
    const isRight = child + 1 < queue.length && isBefore(queue, right, left);
    const better = isRight ? right : left;
    if (!isBefore(queue, better, edge)) break;
    put(queue, at, better);
    at = isRight ? child + 1 : child;
  }
  put(queue, at, edge);
}

function isBefore({ strengths, low, high }: EdgeQueue, a: number, b: number): boolean {
  const byStrength = (strengths[a] ?? 0) - (strengths[b] ?? 0);
  if (byStrength !== 0) return byStrength > 0;
  const byLow = (low[a] ?? 0) - (low[b] ?? 0);
  return byLow === 0 ? (high[a] ?? 0) < (high[b] ?? 0) : byLow < 0;
}
