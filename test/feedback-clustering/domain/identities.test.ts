import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  carryIds,
  followRedirects,
  type KnownCluster,
} from '../../../domain/feedback-clustering/identities.ts';

const mint = (first: string): string => `new-${first}`;
const carry = (known: KnownCluster[], members: string[][], pinned: string[] = []) => {
  const { clusters, redirects } = carryIds(known, members, { pinned: new Set(pinned), mint });
  return { ids: clusters.map(({ id }) => id), redirects: Object.fromEntries(redirects) };
};

const ab: KnownCluster = { id: 'one', members: ['a', 'b', 'c'] };
const de: KnownCluster = { id: 'two', members: ['d', 'e'] };

test.each([
  [
    'nothing changes',
    [
      ['a', 'b', 'c'],
      ['d', 'e'],
    ],
    ['one', 'two'],
    {},
  ],
  [
    'items come',
    [
      ['a', 'b', 'c', 'x'],
      ['d', 'e'],
      ['y', 'z'],
    ],
    ['one', 'two', 'new-y'],
    {},
  ],
  ['a cluster splits: the larger part goes on', [['a'], ['b', 'c'], ['d', 'e']], ['new-a', 'one', 'two'], {}],
  ['clusters merge: the larger one goes on', [['a', 'b', 'c', 'd', 'e']], ['one'], { two: 'one' }],
  ['members go over', [['a', 'b', 'd', 'e'], ['c']], ['one', 'new-c'], { two: 'one' }],
  ['all members of one are gone', [['d', 'e']], ['two'], { one: null }],
  ['nothing is left', [], [], { one: null, two: null }],
])('%s', (_, members, ids, redirects) => {
  expect(carry([ab, de], members)).toEqual({ ids, redirects });
});

test('the id of a locked cluster goes before a larger one, and the older of two equal ones before the younger', () => {
  expect(carry([ab, de], [['a', 'b', 'c', 'd', 'e']], ['two'])).toEqual({
    ids: ['two'],
    redirects: { one: 'two' },
  });
  expect(
    carry(
      [
        { id: 'old', members: ['z'] },
        { id: 'young', members: ['a'] },
      ],
      [['a', 'z']],
    ),
  ).toEqual({
    ids: ['old'],
    redirects: { young: 'old' },
  });
});

test('an item alone keeps its id when others join it', () => {
  expect(carry([{ id: 'single', members: ['a'] }], [['a', 'b']])).toEqual({ ids: ['single'], redirects: {} });
});

const members = Array.from({ length: 20 }, (_, index) => `item-${index}`);
const partition = fc
  .array(fc.nat({ max: 5 }), { minLength: 20, maxLength: 20 })
  .map((labels) => [0, 1, 2, 3, 4, 5].map((label) => members.filter((_, index) => labels[index] === label)))
  .map((groups) => groups.filter((group) => group.length > 0));

test('ids are never given twice, every id leads to a cluster with a member of its own, and a majority keeps its id', () => {
  fc.assert(
    fc.property(partition, partition, (before, after) => {
      const known = before.map((own, index) => ({ id: `old-${index}`, members: own }));
      const { clusters, redirects } = carryIds(known, after, { pinned: new Set(), mint });
      const ids = clusters.map(({ id }) => id);

      expect(new Set(ids).size).toBe(ids.length);
      for (const { id, members: old } of known) {
        const found = clusters.find((cluster) => cluster.id === followRedirects(redirects, id));
        expect(found?.members.some((member) => old.includes(member))).toBe(true);
        const heir = clusters.find(
          (cluster) => isMostOf(cluster.members, old) && isMostOf(old, cluster.members),
        );
        if (heir !== undefined) expect(heir.id).toBe(id);
      }
    }),
    { numRuns: 2000, seed: 31 },
  );
});

function isMostOf(one: readonly string[], other: readonly string[]): boolean {
  return 2 * other.filter((id) => one.includes(id)).length > other.length;
}

test('redirects are followed to their end, and a circle ends', () => {
  const redirects = new Map<string, string | null>([
    ['a', 'b'],
    ['b', 'c'],
    ['gone', null],
    ['x', 'y'],
    ['y', 'x'],
  ]);

  expect(followRedirects(redirects, 'a')).toBe('c');
  expect(followRedirects(redirects, 'c')).toBe('c');
  expect(followRedirects(redirects, 'gone')).toBeNull();
  expect(['x', 'y']).toContain(followRedirects(redirects, 'x'));
});
