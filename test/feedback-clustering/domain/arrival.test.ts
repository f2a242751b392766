import fc from 'fast-check';
import { expect, test } from 'vitest';
import { agglomerative } from '../../../domain/feedback-clustering/agglomerative.ts';
import { arrive, connected, consolidate, similarRows } from '../../../domain/feedback-clustering/arrival.ts';
import { type Constraints, noConstraints } from '../../../domain/feedback-clustering/constraints.ts';
import { disjointSets } from '../../../domain/feedback-clustering/disjoint-sets.ts';
import type { ClusterInput } from '../../../domain/feedback-clustering/strategy.ts';
import { inputOf, themedRows } from '../items.ts';

const options = { threshold: 0.5, minSize: 2 };

/** The items of the first `count` rows; the others are not there yet. */
function upTo(
  rows: readonly (readonly number[])[],
  ids: readonly string[],
  count: number,
  constraints: Constraints,
) {
  const input = inputOf(ids.slice(0, count), rows.slice(0, count), constraints);
  return { ...input, fingerprints: input.ids.map((_, row) => (row % 9 === 4 ? `error-${row % 2}` : null)) };
}

/** Items one after the other, each with only its own component made new. Also says how many rows were looked at again. */
function byArrivals(inputs: readonly ClusterInput[]) {
  let leaders = new Int32Array(0);
  let [touched, all] = [0, 0];
  for (const [row, input] of inputs.entries()) {
    const similar = disjointSets(row + 1);
    const standing = { leaders: Int32Array.from([...leaders, row]), sets: similar };
    for (let one = 0; one <= row; one += 1)
      for (const other of similarRows(input.vectors, one, options.threshold))
        if (one < row && other < row) arrive(input, standing, one, [other], options);
    const sets = connected(input, similar);
    const neighbours = similarRows(input.vectors, row, options.threshold);
    const { component } = arrive(input, { leaders: standing.leaders, sets }, row, neighbours, options);
    const settled = consolidate(input, component, options);
    leaders = standing.leaders.map((leader, at) => settled.get(at) ?? leader);
    touched += component.length;
    all += row + 1;
  }
  return { leaders, touched, all };
}

test('items that come one by one end in the clusters of one run over all, though only their components are made new', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.boolean(),
      fc.infiniteStream(fc.nat()),
      (seed, isEdited, keys) => {
        const rows = themedRows(28, 12, 6, seed);
        const order = rows
          .map((_, index) => ({ index, key: keys.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key);
        const ids = order.map(({ index }) => `item-${String(index).padStart(2, '0')}`);
        const constraints: Constraints = isEdited
          ? {
              together: [ids.slice(0, 2), ids.slice(5, 8)],
              apart: [{ left: ids.slice(2, 4), right: ids.slice(10, 14) }],
              locks: [{ items: ids.slice(5, 8), mode: 'closed' }],
            }
          : noConstraints;
        const inputs = rows.map((_, row) => upTo(rows, ids, row + 1, constraints));
        const { leaders, touched, all } = byArrivals(inputs);

        expect(leaders).toEqual(agglomerative(upTo(rows, ids, rows.length, constraints), options));
        expect(touched).toBeLessThan(all);
      },
    ),
    { numRuns: 25, seed: 51 },
  );
});

const near = [
  [1, 0, 0],
  [0.95, 0.31, 0],
  [0, 0, 1],
  [0.99, 0.1, 0],
];

test('a new item is in the cluster that is most similar on average, at once', () => {
  const input = inputOf(['a', 'b', 'c', 'd'], near);
  const standing = { leaders: Int32Array.of(0, 0, 2, 3), sets: disjointSets(4) };

  expect(
    arrive(input, standing, 3, similarRows(input.vectors, 3, 0.72), { threshold: 0.72, minSize: 2 }),
  ).toEqual({
    leader: 0,
    similarity: expect.closeTo(0.985, 2) as number,
    component: [0, 1, 3],
  });
});

test('a new item that is like nothing, or only like what is closed, is alone at first', () => {
  const alone = inputOf(['a', 'b', 'c', 'd'], [...near.slice(0, 3), [0, 1, 0]]);
  const closed = inputOf(['a', 'b', 'c', 'd'], near, {
    together: [['a', 'b']],
    apart: [],
    locks: [{ items: ['a', 'b'], mode: 'closed' }],
  });
  const standing = () => ({ leaders: Int32Array.of(0, 0, 2, 3), sets: disjointSets(4) });

  expect(arrive(alone, standing(), 3, similarRows(alone.vectors, 3, 0.72), options)).toEqual({
    leader: 3,
    similarity: 0,
    component: [3],
  });
  expect(arrive(closed, standing(), 3, similarRows(closed.vectors, 3, 0.72), options).leader).toBe(3);
});

test('a new error is in the cluster of its fingerprint, whatever its vector', () => {
  const input = { ...inputOf(['a', 'b', 'c', 'd'], near), fingerprints: [null, null, 'same', 'same'] };
  const standing = { leaders: Int32Array.of(0, 0, 2, 3), sets: disjointSets(4) };
  const { leader, component } = arrive(input, standing, 3, similarRows(input.vectors, 3, 0.72), options);

  expect(leader).toBe(2);
  expect(component).toEqual([0, 1, 2, 3]);
});
