import fc from 'fast-check';
import { expect, test } from 'vitest';
import { similarityIndex } from '../../clustering-threads/similarity-index.ts';
import { similarRows } from '../../domain/feedback-clustering/arrival.ts';
import { cosine, rowOf, vectorSet } from '../../domain/feedback-clustering/vectors.ts';
import { themedRows } from './items.ts';

function indexed(rows: readonly (readonly number[])[]) {
  const vectors = vectorSet(Float32Array.from(rows.flat()), rows[0]?.length ?? 1);
  const index = similarityIndex(vectors.dimensions);
  for (let row = 0; row < vectors.count; row += 1) index.add(rowOf(vectors, row));
  return { vectors, index };
}

test('the index finds exactly the rows that comparing one by one finds', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.constantFrom(1, 2, 31, 32, 33, 100, 768),
      fc.constantFrom(0.05, 0.3, 0.5, 0.72, 0.9, 1),
      (seed, dimensions, threshold) => {
        const rows = [...themedRows(40, dimensions, 4, seed), new Array<number>(dimensions).fill(0)];
        const { vectors, index } = indexed([...rows, ...rows.slice(0, 3)]);
        for (const row of [0, 7, 40, 41]) {
          const found = index.similarTo(rowOf(vectors, row), threshold, (other) =>
            cosine(vectors, row, other),
          );

          expect(found.filter((other) => other !== row)).toEqual(similarRows(vectors, row, threshold));
        }
      },
    ),
    { numRuns: 300, seed: 61 },
  );
});

test('few rows are compared in full, and many rows are found past the first block', () => {
  const rows = themedRows(9000, 64, 90, 62);
  const { vectors, index } = indexed(rows);
  let compared = 0;
  const found = index.similarTo(rowOf(vectors, 8999), 0.4, (other) => {
    compared += 1;
    return cosine(vectors, 8999, other);
  });

  expect(index.count).toBe(9000);
  expect(found.filter((row) => row !== 8999)).toEqual(similarRows(vectors, 8999, 0.4));
  expect(found.some((row) => row > 4096 && row < 8999)).toBe(true);
  expect(compared).toBeLessThan(found.length + 30);
});

test('an empty index finds nothing, and a vector of another length is refused', () => {
  const index = similarityIndex(3);

  expect(index.similarTo(Float32Array.of(1, 0, 0), 0.5, () => 1)).toEqual([]);
  expect(() => index.add(Float32Array.of(1, 0))).toThrow(/the vector has 2 values: give one of 3/);
});
