import fc from 'fast-check';
import { expect, test } from 'vitest';
import { agglomerative } from '../../../domain/feedback-clustering/agglomerative.ts';
import { constraintsOf, type Edit } from '../../../domain/feedback-clustering/edits.ts';
import { carryIds, type KnownCluster } from '../../../domain/feedback-clustering/identities.ts';
import { idsByLeader } from '../../../domain/feedback-clustering/leaders.ts';
import { mustStayApart } from '../exact-reference.ts';
import { inputOf, themedRows } from '../items.ts';

const ids = Array.from({ length: 12 }, (_, index) => `item-${String(index).padStart(2, '0')}`);
const some = fc.subarray(ids, { minLength: 1, maxLength: 5 });
const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('together' as const), items: some }),
    fc
      .tuple(some, some)
      .map(([items, from]) => ({ kind: 'apart' as const, items, from: minus(from, items) })),
    fc.tuple(some, some, some).map(([items, from, to]) => ({
      kind: 'move' as const,
      items,
      from: minus(minus(from, items), to),
      to,
    })),
    fc.record({
      kind: fc.constant('lock' as const),
      items: some,
      mode: fc.constantFrom('open' as const, 'closed'),
    }),
    fc.record({ kind: fc.constant('unlock' as const), items: some }),
  ),
  { maxLength: 8 },
);

function minus(items: readonly string[], taken: readonly string[]): string[] {
  return items.filter((id) => !taken.includes(id));
}

const makesSense = (edit: Edit): boolean => edit.kind !== 'apart' || edit.from.length > 0;

test('whatever people do, what holds never contradicts itself', () => {
  fc.assert(
    fc.property(edits, (all) => {
      const { together, apart, locks } = constraintsOf(all.filter(makesSense));
      const grouped = together.flat();

      expect(new Set(grouped).size).toBe(grouped.length);
      for (const group of together)
        for (const { left, right } of apart) expect(meets(group, left) && meets(group, right)).toBe(false);
      for (const { items } of locks) {
        expect(items.length).toBeGreaterThan(0);
        if (items.length > 1) expect(together.some((group) => minus(items, group).length === 0)).toBe(true);
      }
      expect(new Set(locks.flatMap(({ items }) => items)).size).toBe(
        locks.flatMap(({ items }) => items).length,
      );
    }),
    { numRuns: 2000, seed: 11 },
  );
});

test('the last edit always holds', () => {
  fc.assert(
    fc.property(edits, (all) => {
      const sensible = all.filter(makesSense);
      const last = sensible.at(-1);
      const constraints = constraintsOf(sensible);
      if (last === undefined) return;
      if (last.kind === 'together' || last.kind === 'lock')
        expect(isOneGroup(last.items, constraints.together)).toBe(true);
      if (last.kind === 'move')
        expect(isOneGroup([...last.items, ...last.to], constraints.together)).toBe(true);
      if (last.kind === 'apart' || last.kind === 'move')
        for (const one of last.items)
          for (const other of last.from) {
            const isApart = constraints.apart.some(
              ({ left, right }) => left.includes(one) && right.includes(other),
            );
            const joined = last.kind === 'move' && isOneGroup([one, other], constraints.together);
            expect(isApart || joined).toBe(true);
          }
    }),
    { numRuns: 2000, seed: 12 },
  );
});

test('leaving the last edit out is as if it had never been', () => {
  const before: Edit[] = [
    { kind: 'together', items: ['a', 'b', 'c'] },
    { kind: 'apart', items: ['d'], from: ['e'] },
  ];
  const edited = [...before, { kind: 'apart', items: ['a'], from: ['b', 'c'] } as const];

  expect(constraintsOf(edited)).not.toEqual(constraintsOf(before));
  expect(JSON.stringify(constraintsOf(edited.slice(0, -1)))).toBe(JSON.stringify(constraintsOf(before)));
});

test('a later edit takes back only what contradicts it', () => {
  const split: Edit = { kind: 'apart', items: ['a', 'b'], from: ['c', 'd'] };

  expect(constraintsOf([split, { kind: 'together', items: ['a', 'c'] }])).toEqual({
    together: [['a', 'c']],
    apart: [
      { left: ['b'], right: ['c', 'd'] },
      { left: ['a'], right: ['d'] },
    ],
    locks: [],
  });
  expect(constraintsOf([{ kind: 'together', items: ['a', 'b', 'c', 'd', 'e'] }, split])).toEqual({
    together: [
      ['a', 'b'],
      ['c', 'd', 'e'],
    ],
    apart: [{ left: ['a', 'b'], right: ['c', 'd'] }],
    locks: [],
  });
});

test('moving leaves the one and joins the other', () => {
  const move: Edit = { kind: 'move', items: ['b'], from: ['a', 'c'], to: ['x', 'y'] };

  expect(constraintsOf([{ kind: 'together', items: ['a', 'b', 'c'] }, move])).toEqual({
    together: [
      ['a', 'c'],
      ['b', 'x', 'y'],
    ],
    apart: [{ left: ['b'], right: ['a', 'c'] }],
    locks: [],
  });
});

test.each<[Edit, RegExp]>([
  [{ kind: 'together', items: [] }, /items is empty: name the items to together/],
  [{ kind: 'apart', items: ['a'], from: [] }, /from is empty/],
  [{ kind: 'apart', items: ['a'], from: ['b', 'a'] }, /item a is on both sides/],
  [{ kind: 'move', items: ['a'], from: [], to: [] }, /to is empty/],
])('%o is refused', (edit, message) => {
  expect(() => constraintsOf([edit])).toThrow(message);
});

test('a thousand runs, each with new items and new edits, go against no edit and keep the ids', () => {
  const rows = themedRows(60, 10, 6, 21);
  const all = rows.map((_, index) => `item-${String(index).padStart(2, '0')}`);
  let [kept, continued] = [0, 0];
  fc.assert(
    fc.property(fc.integer({ min: 30, max: 54 }), fc.infiniteStream(fc.nat()), (count, choices) => {
      const choose = (from: number) => (choices.next().value ?? 0) % from;
      const before = clustered(all.slice(0, count), rows, []);
      const [one = [], other = []] = [before[choose(before.length)], before[choose(before.length)]];
      const [member = ''] = one;
      const done: Edit[] = [{ kind: 'together', items: [...one, ...other] }];
      if (one.length > 1) done.push({ kind: 'apart', items: [member], from: one.slice(1) });
      done.push({ kind: 'lock', items: before[choose(before.length)] ?? all.slice(0, 1), mode: 'open' });
      const edited = named(clustered(all.slice(0, count), rows, done));
      const after = clustered(all.slice(0, Math.ceil(count * 1.1)), rows, done);
      const { clusters } = carryIds(edited, after, { pinned: new Set(), mint: (first) => `new-${first}` });

      expect(violations(after, done)).toEqual([]);
      for (const cluster of clusters) {
        const old = edited.find(
          ({ members }) =>
            2 * members.filter((id) => cluster.members.includes(id)).length >
            Math.max(members.length, cluster.members.length),
        );
        if (old === undefined) continue;
        continued += 1;
        if (old.id === cluster.id) kept += 1;
      }
    }),
    { numRuns: 1000, seed: 22 },
  );

  expect(continued).toBeGreaterThan(5000);
  expect(kept / continued).toBeGreaterThanOrEqual(0.99);
}, 120_000);

function clustered(
  own: readonly string[],
  rows: readonly (readonly number[])[],
  done: readonly Edit[],
): string[][] {
  const input = inputOf(own, rows.slice(0, own.length), constraintsOf(done));
  return idsByLeader(own, agglomerative(input, { threshold: 0.5, minSize: 2 }));
}

function named(clusters: readonly (readonly string[])[]): KnownCluster[] {
  return clusters.map((members) => ({ id: `old-${members[0] ?? ''}`, members }));
}

function violations(clusters: readonly (readonly string[])[], done: readonly Edit[]): string[] {
  const constraints = constraintsOf(done);
  const torn = constraints.together.filter(
    (group) => !clusters.some((members) => minus(group, members).length === 0),
  );
  const met = clusters.filter((members) =>
    constraints.apart.some(({ left, right }) => meets(members, left) && meets(members, right)),
  );
  const locked = clusters.filter(
    (members) =>
      constraints.locks.filter(({ items }) => meets(members, items)).length > 1 &&
      mustStayApart(members, members, constraints),
  );
  return [...torn, ...met, ...locked].map((members) => members.join());
}

function meets(one: readonly string[], other: readonly string[]): boolean {
  return one.some((id) => other.includes(id));
}

function isOneGroup(items: readonly string[], together: readonly (readonly string[])[]): boolean {
  return new Set(items).size === 1 || together.some((group) => minus(items, group).length === 0);
}
