import fc from 'fast-check';
import { expect, test } from 'vitest';
import { regressionOf } from '../../../domain/feedback-clustering/regression.ts';
import { compareReleases, type ReleaseOrder } from '../../../domain/feedback-clustering/releases.ts';

test.each<[string, string, ReleaseOrder]>([
  ['1.2.3', '1.2.3', 'equal'],
  ['v1.2.3', '1.2.3', 'equal'],
  ['1.2.3+build.7', '1.2.3', 'equal'],
  ['1.2', '1.2.0', 'equal'],
  ['1.10.0', '1.9.9', 'newer'],
  ['2.0.0', '10.0.0', 'older'],
  ['1.0.0-rc.1', '1.0.0', 'older'],
  ['1.0.0-rc.10', '1.0.0-rc.9', 'newer'],
  ['1.0.0-alpha', '1.0.0-alpha.1', 'older'],
  ['1.0.0-1', '1.0.0-alpha', 'older'],
  ['1.2.3.4', '1.2.3.5', 'older'],
  ['shop@1.2.0', 'shop@1.1.9', 'newer'],
  ['shop@1.2.0', 'pay@1.1.9', 'unknown'],
  ['2026.11.21', '2026.11.3', 'unknown'],
  ['2026.11.21', '2026.02.28', 'newer'],
  ['2026-11-21.2', '2026-11-21.10', 'older'],
  ['20261121', '2026-11-20', 'newer'],
  ['2026-11-21T10:05', '2026-11-21T09:59', 'newer'],
  ['417', '416', 'newer'],
  ['0f3c2a1b', '9e8d7c6b', 'unknown'],
  ['0f3c2a1b', '0f3c2a1b', 'equal'],
  ['12345678', '87654321', 'unknown'],
  ['main', '1.0.0', 'unknown'],
])('%s against %s is %s', (a, b, order) => {
  expect(compareReleases(a, b)).toBe(order);
});

const parts = fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }).map((numbers) => numbers.join('.'));
const release = fc.oneof(
  parts,
  fc
    .tuple(parts, fc.constantFrom('rc.1', 'rc.2', 'alpha', '7', 'alpha.beta'))
    .map(([v, pre]) => `${v}-${pre}`),
  fc.constantFrom('abcdef1', 'main', '2026-11-21', '20261122', 'shop@1.0.0', 'shop@1.0.1'),
);

test('the other way round it is the opposite, and orders chain', () => {
  const opposite = { older: 'newer', newer: 'older', equal: 'equal', unknown: 'unknown' } as const;
  fc.assert(
    fc.property(release, release, release, (a, b, c) => {
      expect(compareReleases(b, a)).toBe(opposite[compareReleases(a, b)]);
      if (compareReleases(a, b) === 'older' && compareReleases(b, c) === 'older')
        expect(compareReleases(a, c)).toBe('older');
    }),
    { numRuns: 2000 },
  );
});

test.each([
  // fixed in, seen in, seen after the fix, re-opens
  ['1.2.0', '1.2.0', true, true],
  ['1.2.0', '1.3.0', false, true],
  ['1.2.0', '1.1.9', true, false],
  ['1.2.0', '1.2.0-rc.1', true, false],
  ['abc1234', 'def5678', true, true],
  ['abc1234', 'def5678', false, false],
  [null, '1.3.0', true, true],
  [null, '1.3.0', false, false],
  ['1.2.0', null, true, true],
  ['1.2.0', null, false, false],
])('fixed in %s, seen in %s, afterwards: %s; re-opens: %s', (fixedIn, seenIn, isAfter, reopens) => {
  const verdict = regressionOf(
    { release: fixedIn, atMs: 1000 },
    { release: seenIn, atMs: isAfter ? 1001 : 1000 },
  );

  expect(verdict.reopens).toBe(reopens);
  expect(verdict.because).not.toBe('');
});
