/** Pairs of rows and how alike they are: three columns that grow. */
export interface EdgeList {
  count: number;
  left: Int32Array;
  right: Int32Array;
  similarity: Float64Array;
}

export function edgeList(capacity = 1024): EdgeList {
  return {
    count: 0,
    left: new Int32Array(capacity),
    right: new Int32Array(capacity),
    similarity: new Float64Array(capacity),
  };
}

export function addEdge(edges: EdgeList, left: number, right: number, similarity: number): void {
  if (edges.count === edges.left.length) grow(edges);
  edges.left[edges.count] = left;
  edges.right[edges.count] = right;
  edges.similarity[edges.count] = similarity;
  edges.count += 1;
}

function grow(edges: EdgeList): void {
  const capacity = Math.max(1024, Math.ceil(edges.left.length * 1.5));
  const { left, right, similarity } = edges;
  edges.left = new Int32Array(capacity);
  edges.left.set(left);
  edges.right = new Int32Array(capacity);
  edges.right.set(right);
  edges.similarity = new Float64Array(capacity);
  edges.similarity.set(similarity);
}

/** All of the lists in one that has no room to spare. */
export function trimmed(lists: readonly EdgeList[]): EdgeList {
  const all = edgeList(lists.reduce((sum, { count }) => sum + count, 0));
  for (const { count, left, right, similarity } of lists) {
    all.left.set(left.subarray(0, count), all.count);
    all.right.set(right.subarray(0, count), all.count);
    all.similarity.set(similarity.subarray(0, count), all.count);
    all.count += count;
  }
  return all;
}
