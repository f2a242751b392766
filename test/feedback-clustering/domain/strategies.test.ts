import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Constraints, noConstraints } from '../../../domain/feedback-clustering/constraints.ts';
import { idsByLeader } from '../../../domain/feedback-clustering/leaders.ts';
import { strategies, strategyNamed } from '../../../domain/feedback-clustering/strategies.ts';
import type { ClusterOptions } from '../../../domain/feedback-clustering/strategy.ts';
import { mustStayApart } from '../exact-reference.ts';
import { inputOf, themedRows } from '../items.ts';

const names = Object.keys(strategies) as (keyof typeof strategies)[];

const clustersBy = (
  name: string,
  items: Readonly<Record<string, readonly number[]>>,
  options: ClusterOptions = { threshold: 0.72, minSize: 2 },
  constraints: Constraints = noConstraints,
) => {
  const input = inputOf(Object.keys(items), Object.values(items), constraints);
  return idsByLeader(input.ids, strategyNamed(name)(input, options));
};

/** Neighbours are similar (0.9, 0.78, 0.9), others are not (0.44, 0). */
const fan = { a: [1, 0], b: [0.9, 0.436], c: [0.436, 0.9], d: [0, 1] };

test('average linkage weighs whole clusters', () => {
  expect(clustersBy('agglomerative', fan)).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
});

test('centroid goes by the direction of the mean', () => {
  expect(clustersBy('centroid', fan)).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  expect(clustersBy('centroid', { a: [1, 0], b: [0.8, 0.6], c: [0.6, 0.8] })).toEqual([['a', 'b', 'c']]);
  expect(clustersBy('vector_like', { a: [1, 0], b: [0.8, 0.6], c: [0, 1] })).toEqual([['a', 'b'], ['c']]);
});

test('vector_like follows the first item that is similar, and so makes chains', () => {
  expect(clustersBy('vector_like', fan)).toEqual([['a', 'b', 'c', 'd']]);
});

test('fingerprint compares no vectors', () => {
  const input = { ...inputOf(['a', 'b', 'c'], [[1], [1], [1]]), fingerprints: ['x', null, 'x'] };

  expect(
    idsByLeader(input.ids, strategyNamed('fingerprint')(input, { threshold: 0.72, minSize: 2 })),
  ).toEqual([['a', 'c'], ['b']]);
});

test('items of zeros are like nothing, not even like each other', () => {
  for (const name of names)
    expect(clustersBy(name, { a: [0, 0], b: [0, 0], c: [1, 0], d: [0, 0] })).toEqual([
      ['a'],
      ['b'],
      ['c'],
      ['d'],
    ]);
});

test('an unknown strategy is refused with the known ones', () => {
  expect(() => strategyNamed('k-means')).toThrow(
    /no clustering strategy k-means: choose one of agglomerative/,
  );
  expect(() => strategyNamed('toString')).toThrow(/no clustering strategy toString/);
});

test.each(names)('%s gives the same clusters for every order of the input', (name) => {
  const rows = themedRows(60, 12, 6, 5);
  const ids = rows.map((_, index) => `item-${String(index).padStart(2, '0')}`);
  const fingerprints = ids.map((_, index) => (index % 7 === 0 ? `error-${index % 3}` : null));
  const options = { threshold: 0.5, minSize: 2 };
  const inOrder = (order: readonly number[]) => {
    const shuffled = order.map((index) => ids[index] ?? '');
    const input = inputOf(
      shuffled,
      order.map((index) => rows[index] ?? []),
    );
    const known = order.map((index) => fingerprints[index] ?? null);
    return idsByLeader(shuffled, strategyNamed(name)({ ...input, fingerprints: known }, options));
  };
  const expected = inOrder([...ids.keys()]);

  expect(expected.length).toBeLessThan(ids.length);
  fc.assert(
    fc.property(fc.shuffledSubarray([...ids.keys()], { minLength: ids.length }), (order) => {
      expect(inOrder(order)).toEqual(expected);
    }),
    { numRuns: 100, seed: 6 },
  );
});

test.each(names)('%s never goes against what people decided', (name) => {
  const items = fc.array(
    fc.record({
      row: fc.tuple(
        fc.integer({ min: -3, max: 9 }),
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 0, max: 3 }),
      ),
      part: fc.constantFrom('free', 'free', 'group', 'left', 'right', 'open', 'other', 'closed'),
    }),
    { minLength: 4, maxLength: 25 },
  );
  fc.assert(
    fc.property(items, fc.constantFrom(0.3, 0.72, 0.9), fc.boolean(), (chosen, threshold, hasErrors) => {
      const ids = chosen.map((_, index) => `item-${String(index).padStart(2, '0')}`);
      const of = (part: string) => ids.filter((_, index) => chosen[index]?.part === part);
      const constraints: Constraints = {
        together: ['group', 'open', 'other', 'closed'].map(of).filter((group) => group.length > 0),
        apart: [{ left: of('left'), right: of('right') }],
        locks: [
          { items: of('open'), mode: 'open' as const },
          { items: of('other'), mode: 'open' as const },
          { items: of('closed'), mode: 'closed' as const },
        ].filter((lock) => lock.items.length > 0),
      };
      const input = inputOf(
        ids,
        chosen.map(({ row }) => row),
        constraints,
      );
      const fingerprints = ids.map((_, index) => (hasErrors && index % 2 === 0 ? 'same' : null));
      const clusters = idsByLeader(
        ids,
        strategyNamed(name)({ ...input, fingerprints }, { threshold, minSize: 2 }),
      );

      expect(violations(clusters, constraints)).toEqual([]);
    }),
    { numRuns: 500, seed: 7 },
  );
});

function violations(clusters: readonly (readonly string[])[], constraints: Constraints): string[] {
  const found: string[] = [];
  const clusterOf = (id: string) => clusters.find((members) => members.includes(id)) ?? [];
  for (const group of constraints.together)
    if (new Set(group.map(clusterOf)).size > 1) found.push(`${group.join()} came apart`);
  for (const members of clusters)
    for (const one of members)
      for (const other of members) {
        const isOfOneGroup = constraints.together.some(
          (group) => group.includes(one) && group.includes(other),
        );
        if (one < other && !isOfOneGroup && mustStayApart([one], [other], constraints))
          found.push(`${one} and ${other} are together`);
      }
  for (const { items, mode } of constraints.locks)
    if (mode === 'closed' && clusterOf(items[0] ?? '').length !== items.length)
      found.push('a closed one changed');
  return found;
}
