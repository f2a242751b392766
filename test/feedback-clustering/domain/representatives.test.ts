import fc from 'fast-check';
import { expect, test } from 'vitest';
import { representatives } from '../../../domain/feedback-clustering/representatives.ts';
import { cosine, vectorSet } from '../../../domain/feedback-clustering/vectors.ts';

const setOf = (rows: readonly (readonly number[])[]) =>
  vectorSet(Float32Array.from(rows.flat()), rows[0]?.length ?? 1);
const idsOf = (rows: readonly unknown[]) => rows.map((_, index) => `item-${String(index).padStart(3, '0')}`);
const all = (rows: readonly unknown[]) => [...rows.keys()];

test('the first is the one in the middle, the next the one least like it', () => {
  const rows = [
    [1, 0.9],
    [1, 0],
    [1, 1],
    [0, 1],
  ];

  expect(representatives(setOf(rows), idsOf(rows), all(rows))).toEqual([2, 1, 3]);
});

test('equal items are shown once', () => {
  const rows = [
    [1, 0],
    [1, 0],
    [1, 0],
  ];

  expect(representatives(setOf(rows), idsOf(rows), all(rows))).toEqual([0]);
});

test('nobody stands for nothing', () => {
  expect(representatives(setOf([[1, 0]]), ['a'], [])).toEqual([]);
});

const cluster = fc.array(
  fc.tuple(
    ...([0, 1, 2].map(() => fc.integer({ min: 1, max: 9 })) as [
      fc.Arbitrary<number>,
      fc.Arbitrary<number>,
      fc.Arbitrary<number>,
    ]),
  ),
  { minLength: 1, maxLength: 12 },
);

test('the order of the rows does not matter', () => {
  fc.assert(
    fc.property(cluster, fc.infiniteStream(fc.nat()), (rows, chance) => {
      const shuffled = all(rows)
        .map((row) => ({ row, at: chance.next().value as number }))
        .sort((a, b) => a.at - b.at)
        .map(({ row }) => row);

      expect(representatives(setOf(rows), idsOf(rows), shuffled)).toEqual(
        representatives(setOf(rows), idsOf(rows), all(rows)),
      );
    }),
  );
});

test('no item is more similar to all than the medoid, and no two that are shown are alike', () => {
  fc.assert(
    fc.property(cluster, (rows) => {
      const vectors = setOf(rows);
      const chosen = representatives(vectors, idsOf(rows), all(rows));
      const total = (row: number) => all(rows).reduce((sum, other) => sum + cosine(vectors, row, other), 0);

      expect(Math.max(...all(rows).map(total))).toBeLessThanOrEqual(total(chosen[0] ?? 0) + 1e-6);
      for (const [at, one] of chosen.entries())
        for (const other of chosen.slice(at + 1))
          expect(cosine(vectors, one, other)).toBeLessThanOrEqual(0.98);
    }),
  );
});
