import { expect, test } from 'vitest';
import { isSurelyAbove, upperRank } from '../../domain/measure/evidence.ts';

/** The same questions answered the slow way: every probability from whole numbers, with no logarithm and no recurrence. */

const limits = [
  [1n, 1000n],
  [1n, 100n],
  [1n, 20n],
  [3n, 10n],
  [19n, 20n],
] as const;

test.each(limits)(
  'the verdict is that of exact arithmetic for up to 120 answers at a limit of %d in %d',
  (part, whole) => {
    for (let of = 1; of <= 120; of += 1) {
      const tails = exactTails(BigInt(of), part, whole);
      const all = whole ** BigInt(of);
      tails.forEach((atLeast, bad) => {
        const isAbove = BigInt(bad) * whole > BigInt(of) * part;
        const expected = isAbove && atLeast * 20n < all;

        expect({ bad, of, is: isSurelyAbove({ bad, of }, Number(part) / Number(whole)) }).toEqual({
          bad,
          of,
          is: expected,
        });
      });
    }
  },
);

test('an arm exactly at the limit is condemned by fewer than one check in twenty', () => {
  for (const of of [20, 50, 200]) {
    const tails = exactTails(BigInt(of), 1n, 100n);
    const fewest = tails.findIndex((_, bad) => isSurelyAbove({ bad, of }, 0.01));

    expect(fewest).toBeGreaterThan(0);
    expect((tails[fewest] ?? 0n) * 20n < 100n ** BigInt(of)).toBe(true);
  }
});

test('a quantile lies at or below its upper rank in at least 94 of 100 samples', () => {
  for (const [n, q] of [
    [200, 0.95],
    [500, 0.95],
    [1000, 0.99],
  ] as const) {
    const rank = upperRank(n, q);
    const [part, whole] = [BigInt(Math.round(q * 100)), 100n];
    const moreThanRank = exactTails(BigInt(n), part, whole)[rank] ?? 0n;

    expect(Number((moreThanRank * 10_000n) / whole ** BigInt(n))).toBeLessThan(600);
  }
});

/** For each k, P(X >= k) of a binomial with chance part/whole, as a whole number of whole^n. */
function exactTails(n: bigint, part: bigint, whole: bigint): bigint[] {
  const chances: bigint[] = [];
  let choose = 1n;
  for (let k = 0n; k <= n; k += 1n) {
    chances.push(choose * part ** k * (whole - part) ** (n - k));
    choose = (choose * (n - k)) / (k + 1n);
  }
  let sum = 0n;
  return chances
    .toReversed()
    .map((chance) => (sum += chance))
    .toReversed();
}
