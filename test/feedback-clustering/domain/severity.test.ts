import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type SeverityFacts, severityOf } from '../../../domain/feedback-clustering/severity.ts';

const calm: SeverityFacts = {
  kind: 'feedback',
  lastDay: 1,
  isSpike: false,
  sources: 1,
  services: 1,
  releases: 1,
  exception: null,
  titles: ['A wish'],
};

test.each<[string, Partial<SeverityFacts>]>([
  ['low', {}],
  ['low', { titles: ['Typo in the footer'], lastDay: 200 }],
  ['low', { kind: 'error' }],
  ['medium', { lastDay: 100 }],
  ['medium', { kind: 'error', lastDay: 10 }],
  ['high', { kind: 'error', exception: 'OutOfMemoryError', titles: ['App crashes on start'] }],
  ['high', { titles: ['I lost my data after the update'], lastDay: 20, sources: 2 }],
  ['critical', { kind: 'error', exception: 'SIGSEGV', lastDay: 1200, isSpike: true }],
  ['critical', { titles: ['Security: tokens in logs'], lastDay: 120, isSpike: true }],
])('%s: %o', (level, over) => {
  expect(severityOf({ ...calm, ...over }).level).toBe(level);
});

test('one alarming title among twenty decides nothing', () => {
  const titles = [...Array.from({ length: 19 }, () => 'Export is slow'), 'data loss!!'];

  expect(severityOf({ ...calm, titles })).toMatchObject({ level: 'low', reasons: [] });
});

test('every reason is told with its points', () => {
  const { reasons } = severityOf({ ...calm, kind: 'error', lastDay: 150, releases: 3, isSpike: true });

  expect(reasons).toEqual([
    { rule: 'volume', points: 20, says: '150 in the last day' },
    { rule: 'spike', points: 20, says: 'far more than usual in the last hour' },
    { rule: 'spread', points: 5, says: 'seen in 3 releases' },
    { rule: 'error', points: 10, says: 'an error, not an opinion' },
  ]);
});

const facts = fc.record({
  kind: fc.constantFrom('feedback' as const, 'error' as const),
  lastDay: fc.nat(5000),
  isSpike: fc.boolean(),
  sources: fc.integer({ min: 1, max: 5 }),
  services: fc.integer({ min: 1, max: 5 }),
  releases: fc.integer({ min: 1, max: 5 }),
  exception: fc.option(fc.constantFrom('TypeError', 'panic: nil', 'IOException')),
  titles: fc.array(fc.constantFrom('Typo here', 'It crashes', 'Outage', 'Slow'), { maxLength: 9 }),
});

test('the score is the sum of its reasons, and more trouble never makes it less', () => {
  const rank = ['low', 'medium', 'high', 'critical'];
  fc.assert(
    fc.property(facts, fc.nat(3000), (known, more) => {
      const { score, level, reasons } = severityOf(known);
      const worse = severityOf({
        ...known,
        lastDay: known.lastDay + more,
        isSpike: true,
        sources: known.sources + 1,
      });

      expect(score).toBe(
        Math.max(
          0,
          reasons.reduce((sum, { points }) => sum + points, 0),
        ),
      );
      expect(worse.score).toBeGreaterThanOrEqual(score);
      expect(rank.indexOf(worse.level)).toBeGreaterThanOrEqual(rank.indexOf(level));
    }),
  );
});
