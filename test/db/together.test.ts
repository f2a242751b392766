import { expect, test } from 'vitest';
import { inProject } from '../../db/scope.ts';
import { together } from '../../db/together.ts';

const longGatherMs = 3_600_000;

/** Flights that end when the test says so. */
function crowdOf({
  atOnce = 1,
  most = 3,
  gatherMs = 0,
}: Partial<Record<'atOnce' | 'most' | 'gatherMs', number>>) {
  const flown: string[][] = [];
  const ends: (() => void)[] = [];
  const add = together<string>({
    ...{ atOnce, most, gatherMs },
    keysOf: (item) => [item],
    carry(items) {
      flown.push([...items]);
      return new Promise((resolve) => void ends.push(resolve));
    },
  });
  const land = async (): Promise<void> => {
    ends.shift()?.();
    await new Promise(setImmediate);
  };
  return { flown, land, add: (...items: string[]) => items.forEach((item) => add(item)) };
}

test('what comes in while one is under way goes with the next one, as much as it takes', async () => {
  const { flown, land, add } = crowdOf({ most: 3 });
  add('a', 'b', 'c', 'd', 'e');
  expect(flown).toEqual([['a']]);
  await land();
  expect(flown).toEqual([['a'], ['b', 'c', 'd']]);
  await land();
  expect(flown.at(-1)).toEqual(['e']);
});

test('the same twice goes one after the other, and holds nobody else up', async () => {
  const { flown, land, add } = crowdOf({});
  add('x', 'a', 'a', 'b');
  await land();
  expect(flown).toEqual([['x'], ['a', 'b']]);
  await land();
  expect(flown.at(-1)).toEqual(['a']);
});

test('after a flight with company the next one gathers, unless it is full; alone nobody waits', async () => {
  const { flown, land, add } = crowdOf({ gatherMs: longGatherMs });
  add('alone');
  await land();
  add('also alone');
  add('b', 'c');
  await land();
  await land();
  add('d', 'e');
  expect(flown).toEqual([['alone'], ['also alone'], ['b', 'c']]);
  add('f');
  expect(flown.at(-1)).toEqual(['d', 'e', 'f']);
});

test('those of another scope do not go together, and do not wait for each other', () => {
  const { flown, add } = crowdOf({});
  inProject('one', () => add('a'));
  inProject('two', () => add('b'));
  expect(flown).toEqual([['a'], ['b']]);
});
