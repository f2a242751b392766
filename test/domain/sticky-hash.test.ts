import fc from 'fast-check';
import { expect, test } from 'vitest';
import { murmur3, stickyFraction } from '../../domain/sticky-hash.ts';

/** Published values of MurmurHash3 x86 32 with the seed 0. */
test.each([
  ['', 0],
  ['a', 0x3c2569b2],
  ['hello', 0x248bfa47],
  ['hello, world', 0x149bbb7f],
  ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
])('%s', (text, expected) => {
  expect(murmur3(new TextEncoder().encode(text))).toBe(expected);
});

test('keys fall evenly, by every seed, even when they are alike', () => {
  const count = 20_000;
  const buckets = 20;
  for (const seed of ['', 'flag-a', 'flag-b', 'project/production']) {
    const counts = new Array<number>(buckets).fill(0);
    for (let index = 0; index < count; index += 1) {
      const bucket = Math.floor(buckets * stickyFraction(seed, `user-${index}`));
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    const expected = count / buckets;
    const chiSquare = counts.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0);

    // 19 degrees of freedom: 1 in 100,000 of even ones is above 56.
    expect(chiSquare).toBeLessThan(56);
  }
});

test('two seeds cut the same keys in unrelated ways', () => {
  const keys = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);
  const both = keys.filter((key) => stickyFraction('a', key) < 0.5 && stickyFraction('b', key) < 0.5);

  expect(both.length / keys.length).toBeGreaterThan(0.23);
  expect(both.length / keys.length).toBeLessThan(0.27);
});

test('a fraction is from 0 to below 1, whatever the key', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (seed, key) => {
      const fraction = stickyFraction(seed, key);

      expect(fraction >= 0 && fraction < 1).toBe(true);
      expect(stickyFraction(seed, key)).toBe(fraction);
    }),
  );
});
