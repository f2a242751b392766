import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSurelyAbove, isSurelyMoreBy, isSurelyTimes, upperRank } from '../../domain/measure/evidence.ts';

test.each([
  [1, 1, true],
  [1, 20, false],
  [2, 20, true],
  [2, 60, false],
  [3, 60, true],
  [3, 100, false],
  [4, 100, true],
  [15, 1000, false],
  [16, 1000, true],
  [1_000_000, 1_000_000, true],
  [10_100, 1_000_000, false],
  [10_200, 1_000_000, true],
])('%d bad of %d answers, one in a hundred allowed: surely above is %s', (bad, of, expected) => {
  expect(isSurelyAbove({ bad, of }, 0.01)).toBe(expected);
});

test('a limit of nothing is broken by one, a limit of everything by none', () => {
  expect(isSurelyAbove({ bad: 1, of: 20 }, 0)).toBe(true);
  expect(isSurelyAbove({ bad: 0, of: 20 }, 0)).toBe(false);
  expect(isSurelyAbove({ bad: 20, of: 20 }, 1)).toBe(false);
});

const tally = fc
  .integer({ min: 1, max: 3000 })
  .chain((of) => fc.record({ bad: fc.integer({ min: 0, max: of }), of: fc.constant(of) }));
const limit = fc.double({ min: 0.0001, max: 0.9999, noNaN: true });

test('what is surely above is above', () => {
  fc.assert(
    fc.property(tally, limit, (arm, share) => {
      fc.pre(isSurelyAbove(arm, share));

      expect(arm.bad / arm.of).toBeGreaterThan(share);
    }),
  );
});

test('one more bad answer never clears an arm', () => {
  fc.assert(
    fc.property(tally, limit, (arm, share) => {
      fc.pre(arm.bad < arm.of && isSurelyAbove(arm, share));

      expect(isSurelyAbove({ ...arm, bad: arm.bad + 1 }, share)).toBe(true);
    }),
  );
});

test('a higher limit never condemns an arm that a lower one spares', () => {
  fc.assert(
    fc.property(tally, limit, limit, (arm, a, b) => {
      fc.pre(!isSurelyAbove(arm, Math.min(a, b)));

      expect(isSurelyAbove(arm, Math.max(a, b))).toBe(false);
    }),
  );
});

test.each([
  ['one error against none', { bad: 1, of: 20 }, { bad: 0, of: 180 }, 2, false],
  ['two errors against none', { bad: 2, of: 20 }, { bad: 0, of: 180 }, 2, true],
  ['both arms suffer alike', { bad: 50, of: 1000 }, { bad: 450, of: 9000 }, 1.25, false],
  ['three times as many', { bad: 150, of: 1000 }, { bad: 450, of: 9000 }, 2, true],
  ['just over twice as many', { bad: 103, of: 1000 }, { bad: 450, of: 9000 }, 2, false],
  ['three times as many of as many answers', { bad: 300, of: 1000 }, { bad: 100, of: 1000 }, 2, true],
  ['nothing to compare with', { bad: 5, of: 100 }, { bad: 0, of: 0 }, 2, false],
])('more than a ratio: %s', (_name, one, other, ratio, expected) => {
  expect(isSurelyTimes(one, other, ratio)).toBe(expected);
});

test.each([
  ['one error against none', { bad: 1, of: 20 }, { bad: 0, of: 180 }, 0.01, false],
  ['three errors against none', { bad: 3, of: 20 }, { bad: 0, of: 180 }, 0.01, true],
  ['5 % against 1 %, 1 % allowed', { bad: 50, of: 1000 }, { bad: 90, of: 9000 }, 0.01, true],
  ['5 % against 4.5 %, 1 % allowed', { bad: 50, of: 1000 }, { bad: 405, of: 9000 }, 0.01, false],
  ['both arms suffer alike', { bad: 300, of: 1000 }, { bad: 2700, of: 9000 }, 0.01, false],
])('more than an increase: %s', (_name, one, other, increase, expected) => {
  expect(isSurelyMoreBy(one, other, increase)).toBe(expected);
});

test('an arm is never surely worse than an arm that is no better', () => {
  fc.assert(
    fc.property(tally, tally, (one, other) => {
      fc.pre(one.bad / one.of <= other.bad / other.of);

      expect(isSurelyTimes(one, other, 1)).toBe(false);
      expect(isSurelyMoreBy(one, other, 0)).toBe(false);
    }),
  );
});

test.each([
  [20, 0.95, 20],
  [100, 0.95, 100],
  [1000, 0.95, 963],
  [20, 0.99, 20],
  [1000, 0.99, 997],
])('of %d samples the %d-quantile surely does not exceed sample %d', (n, q, rank) => {
  expect(upperRank(n, q)).toBe(rank);
});
