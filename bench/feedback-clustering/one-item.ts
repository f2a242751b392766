import { similarityIndex } from '../../clustering-threads/similarity-index.ts';
import { arrive } from '../../domain/feedback-clustering/arrival.ts';
import { noConstraints } from '../../domain/feedback-clustering/constraints.ts';
import { disjointSets } from '../../domain/feedback-clustering/disjoint-sets.ts';
import { cosine, rowOf, vectorSet } from '../../domain/feedback-clustering/vectors.ts';
import { quantile } from '../statistics.ts';
import { fillThemed } from './themed-vectors.ts';

const options = { threshold: 0.72, minSize: 2 };
const arrivals = 500;

/** How long it takes until one new item among `existing` is in a cluster, provisionally: search and assignment, without storing it. */
export function oneItem(existing: number, dimensions: number) {
  const count = existing + arrivals;
  const values = new Float32Array(count * dimensions);
  fillThemed(values, dimensions, existing);
  const vectors = vectorSet(values, dimensions);
  const index = similarityIndex(dimensions);
  for (let row = 0; row < count; row += 1) index.add(rowOf(vectors, row));
  const ids = Array.from({ length: count }, (_, row) => `item-${String(row).padStart(7, '0')}`);
  const input = { ids, vectors, fingerprints: ids.map(() => null), constraints: noConstraints };
  const standing = { leaders: Int32Array.from(ids, (_, row) => row), sets: disjointSets(count) };
  const took: number[] = [];
  let joined = 0;
  for (let row = existing; row < count; row += 1) {
    const began = performance.now();
    const similar = index.similarTo(rowOf(vectors, row), options.threshold, (other) =>
      cosine(vectors, row, other),
    );
    const { leader } = arrive(
      input,
      standing,
      row,
      similar.filter((other) => other !== row),
      options,
    );
    took.push(performance.now() - began);
    if (leader !== row) joined += 1;
  }
  return { existing, arrivals, joined, p50_ms: quantile(took, 0.5), p99_ms: quantile(took, 0.99) };
}
