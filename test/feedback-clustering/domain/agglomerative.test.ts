import fc from 'fast-check';
import { expect, test } from 'vitest';
import { agglomerate, agglomerative } from '../../../domain/feedback-clustering/agglomerative.ts';
import { type Constraints, noConstraints } from '../../../domain/feedback-clustering/constraints.ts';
import { idsByLeader } from '../../../domain/feedback-clustering/leaders.ts';
import { plainKernel } from '../../../domain/feedback-clustering/plain-kernel.ts';
import { joinSimilar, tilesInOrder } from '../../../domain/feedback-clustering/similarity-join.ts';
import type { ClusterInput, ClusterOptions } from '../../../domain/feedback-clustering/strategy.ts';
import { exactClusters, type ExactInput, wholeVectors } from '../exact-reference.ts';
import { inputOf, themedRows } from '../items.ts';

const idOf = (index: number): string => `item-${String(index).padStart(3, '0')}`;

/** Items of whole vectors in a random order of their ids, with groups that must and must not be together. */
const exactInputs = fc
  .record({
    vectors: fc.array(fc.constantFrom(...wholeVectors), { minLength: 1, maxLength: 14 }),
    threshold: fc.constantFrom(1, 25, 40, 50, 60, 64, 72, 80, 90, 100),
    order: fc.infiniteStream(fc.nat()),
    parts: fc.infiniteStream(
      fc.constantFrom('free', 'free', 'free', 'group', 'left', 'right', 'open', 'closed'),
    ),
    isFree: fc.boolean(),
  })
  .map(({ vectors, threshold, order, parts, isFree }): ExactInput => {
    const keys = vectors.map((_, index) => [order.next().value ?? 0, index] as const);
    const ranks = keys.sort(([a], [b]) => a - b).map(([, index]) => index);
    const ids = vectors.map((_, index) => idOf(ranks.indexOf(index)));
    return { ids, vectors, threshold, constraints: isFree ? noConstraints : constraintsOf(ids, parts) };
  });

function constraintsOf(ids: readonly string[], parts: Iterator<string>): Constraints {
  const chosen = ids.map((id) => ({ id, part: parts.next().value as string }));
  const of = (part: string) => chosen.filter((item) => item.part === part).map(({ id }) => id);
  const [open, closed] = [of('open'), of('closed')];
  const second = open.splice(Math.ceil(open.length / 2));
  const locks = [open, second].map((items) => ({ items, mode: 'open' as const }));
  return {
    together: [of('group'), open, second, closed].filter((items) => items.length > 0),
    apart: [{ left: of('left'), right: of('right') }],
    locks: [...locks, { items: closed, mode: 'closed' as const }].filter(({ items }) => items.length > 0),
  };
}

const clustersBy = (cluster: typeof agglomerative, input: ClusterInput, options: ClusterOptions) =>
  idsByLeader(input.ids, cluster(input, options));

/** As if there were too many similar pairs to keep. */
const byChain = (input: ClusterInput, options: ClusterOptions) =>
  agglomerate(
    input,
    options,
    joinSimilar(input.vectors, {
      threshold: options.threshold,
      kernel: plainKernel(input.vectors),
      budget: 0,
      nextTile: tilesInOrder(),
    }),
  );

test('the clusters are those of exact arithmetic over all pairs, with ties, twins, zeros and constraints', () => {
  fc.assert(
    fc.property(exactInputs, (exact) => {
      const rows = exact.vectors.map(({ values }) => values);
      const input = inputOf(exact.ids, rows, exact.constraints);
      const options = { threshold: exact.threshold / 100, minSize: 1 };
      const expected = exactClusters(exact);

      expect(clustersBy(agglomerative, input, options)).toEqual(expected);
      expect(clustersBy(byChain, input, options)).toEqual(expected);
    }),
    { numRuns: 4000, seed: 1 },
  );
});

test('many equal items tie everywhere, and still come out as exact arithmetic has it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...wholeVectors.slice(0, 9)), { minLength: 20, maxLength: 40 }),
      fc.constantFrom(25, 50, 60, 72),
      (vectors, threshold) => {
        const ids = vectors.map((_, index) => idOf(index));
        const expected = exactClusters({ ids, vectors, threshold, constraints: noConstraints });
        const input = inputOf(
          ids,
          vectors.map(({ values }) => values),
        );
        const options = { threshold: threshold / 100, minSize: 1 };

        expect(clustersBy(agglomerative, input, options)).toEqual(expected);
        expect(clustersBy(byChain, input, options)).toEqual(expected);
      },
    ),
    { numRuns: 150, seed: 2 },
  );
});

test('the order of the input changes nothing', () => {
  const rows = themedRows(120, 24, 9, 3);
  const ids = rows.map((_, index) => idOf(index));
  const options = { threshold: 0.55, minSize: 2 };
  const expected = clustersBy(agglomerative, inputOf(ids, rows), options);
  const sizes = expected.map((members) => members.length);

  expect(Math.max(...sizes)).toBeGreaterThan(5);
  expect(Math.min(...sizes)).toBe(1);
  fc.assert(
    fc.property(fc.shuffledSubarray([...ids.keys()], { minLength: ids.length }), (order) => {
      const shuffled = inputOf(
        order.map(idOf),
        order.map((index) => rows[index] ?? []),
      );

      expect(clustersBy(agglomerative, shuffled, options)).toEqual(expected);
    }),
    { numRuns: 100, seed: 4 },
  );
});

test('the chain finds what the queue finds on what is like real vectors', () => {
  for (let seed = 0; seed < 40; seed += 1) {
    const rows = themedRows(150, 16, 8, seed);
    const input = inputOf(
      rows.map((_, index) => idOf(index)),
      rows,
    );
    const options = { threshold: 0.3 + (seed % 5) / 10, minSize: 1 };

    expect(byChain(input, options)).toEqual(agglomerative(input, options));
  }
});

test('a cluster under the least size comes apart, except what people put together', () => {
  const rows = [
    [1, 0],
    [1, 0],
    [0, 1],
    [0, 1],
    [0, 1],
    [-1, 0],
    [0, -1],
  ];
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const input = inputOf(ids, rows, { together: [['f', 'g']], apart: [], locks: [] });

  expect(clustersBy(agglomerative, input, { threshold: 0.72, minSize: 3 })).toEqual([
    ['a'],
    ['b'],
    ['c', 'd', 'e'],
    ['f', 'g'],
  ]);
});

test('errors with one fingerprint are one cluster, whatever their vectors, unless people keep them apart', () => {
  const input = {
    ...inputOf(
      ['a', 'b', 'c', 'd'],
      [
        [1, 0],
        [0, 1],
        [-1, 0],
        [0, 1],
      ],
      {
        together: [],
        apart: [{ left: ['a'], right: ['c'] }],
        locks: [],
      },
    ),
    fingerprints: ['same', 'same', 'same', null],
  };

  expect(clustersBy(agglomerative, input, { threshold: 0.99, minSize: 2 })).toEqual([
    ['a', 'b'],
    ['c'],
    ['d'],
  ]);
});

test.each([
  [{ threshold: 0, minSize: 2 }, /threshold is 0/],
  [{ threshold: 1.1, minSize: 2 }, /threshold is 1.1/],
  [{ threshold: NaN, minSize: 2 }, /threshold is NaN/],
  [{ threshold: 0.7, minSize: 0 }, /minSize is 0/],
])('options %o are refused', (options, message) => {
  expect(() => agglomerative(inputOf(['a'], [[1]]), options)).toThrow(message);
});

test('items that do not fit together are refused by name', () => {
  const options = { threshold: 0.7, minSize: 2 };

  expect(() => agglomerative(inputOf(['a', 'a'], [[1], [1]]), options)).toThrow(/ids holds a twice/);
  expect(() => agglomerative(inputOf(['a', 'b'], [[1]]), options)).toThrow(/2 ids, 1 vectors/);
  expect(() => inputOf(['a'], [[NaN, 1]])).toThrow(/row 0 has the length NaN/);
  expect(() => inputOf(['a'], [[1e30, 1]])).toThrow(/row 0/);
});

test('no items make no clusters', () => {
  expect(agglomerative(inputOf([], []), { threshold: 0.7, minSize: 2 })).toEqual(new Int32Array(0));
});
