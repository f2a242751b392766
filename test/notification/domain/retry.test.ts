import fc from 'fast-check';
import { expect, test } from 'vitest';
import { usualWaitsMs, waitAfter } from '../../../domain/notification/retry.ts';

const day = 24 * 3600 * 1000;
const nothing = { retryAfterMs: null, chance: 0 };

test('ten attempts take a little over three days, and each wait is longer than the one before', () => {
  const total = usualWaitsMs.reduce((sum, wait) => sum + wait, 0);

  expect(usualWaitsMs).toHaveLength(9);
  expect(total).toBeGreaterThan(3 * day);
  expect(total).toBeLessThan(3.5 * day);
  expect(usualWaitsMs).toEqual([...usualWaitsMs].sort((a, b) => a - b));
});

test.each([
  ['the first wait', 1, nothing, 5000],
  ['with all of the chance', 1, { retryAfterMs: null, chance: 1 }, 6000],
  ['a receiver that asks for more gets it', 1, { retryAfterMs: 60_000, chance: 0 }, 60_000],
  ['a receiver that asks for less does not', 2, { retryAfterMs: 1, chance: 0 }, 300_000],
  ['past the plan', 40, nothing, day],
])('%s', (_name, attempt, asked, wait) => {
  expect(waitAfter(attempt, usualWaitsMs, asked)).toBe(wait);
});

test('a wait is never shorter than planned, than asked for, or longer than a day', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.option(fc.integer({ min: 0, max: 10 * day })),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempt, retryAfterMs, chance) => {
        const wait = waitAfter(attempt, usualWaitsMs, { retryAfterMs, chance });
        const least = Math.max(usualWaitsMs[attempt - 1] ?? day, retryAfterMs ?? 0);
        expect(wait).toBeGreaterThanOrEqual(Math.min(least, day));
        expect(wait).toBeLessThanOrEqual(day);
      },
    ),
  );
});
