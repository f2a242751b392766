import { describe, expect, test } from 'vitest';
import { isShareConsistent } from '../../providers/traffic/share.ts';

describe('whether an observed share fits', () => {
  test.each([
    [0, 0, 0.1, true],
    [10, 100, 0.1, true],
    [0, 20, 0.1, true],
    [0, 100, 0.1, false],
    [30, 100, 0.1, false],
    [22, 100, 0.1, false],
    [20, 100, 0.1, true],
    [1, 1, 0.01, true],
    [1, 1, 0.0001, false],
    [0, 1000, 0, true],
    [1, 1000, 0, false],
    [1000, 1000, 1, true],
    [999, 1000, 1, false],
    [10_000, 100_000, 0.1, true],
    [10_400, 100_000, 0.1, false],
    [500_000, 1_000_000, 0.5, true],
    [502_000, 1_000_000, 0.5, false],
  ])('%i of %i at %f: %s', (count, total, p, expected) => {
    expect(isShareConsistent(count, total, p)).toBe(expected);
  });

  test('an honest split is called wrong in at most 0.1 % of looks', () => {
    const [total, p] = [200, 0.1];
    let wrong = 0;
    for (let count = 0; count <= total; count++) {
      if (!isShareConsistent(count, total, p)) wrong += binomial(total, count, p);
    }

    expect(wrong).toBeLessThanOrEqual(0.001);
    expect(wrong).toBeGreaterThan(0);
  });
});

function binomial(n: number, k: number, p: number): number {
  let chance = (1 - p) ** n;
  for (let i = 0; i < k; i++) chance *= ((n - i) / (i + 1)) * (p / (1 - p));
  return chance;
}
