import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refusalOf, standingOf, type Answer, type Question } from '../../domain/approval/standing.ts';

const people = ['ann', 'bob', 'cyd', 'dee'] as const;
const question: fc.Arbitrary<Question> = fc.record({
  requestedBy: fc.constantFrom(...people),
  approvals: fc.integer({ min: 1, max: 4 }),
  allowRequester: fc.boolean(),
});
const answer: fc.Arbitrary<Answer> = fc.record({
  by: fc.constantFrom(...people),
  decision: fc.constantFrom('approve' as const, 'reject' as const),
});

test('of any row of answers only those are taken that may be given, and the outcome never changes', () => {
  fc.assert(
    fc.property(question, fc.array(answer, { maxLength: 12 }), (asked, offered) => {
      const taken: Answer[] = [];
      let outcome: string | null = null;
      for (const one of offered) {
        if (refusalOf(asked, taken, one) === null) taken.push(one);
        const standing = standingOf(asked, taken);
        if (outcome !== null) expect(standing.kind).toBe(outcome);
        if (standing.kind !== 'open') outcome = standing.kind;
      }
      const approvers = taken.filter(({ decision }) => decision === 'approve').map(({ by }) => by);
      expect(new Set(taken.map(({ by }) => by)).size).toBe(taken.length);
      if (!asked.allowRequester) expect(approvers).not.toContain(asked.requestedBy);
      if (outcome === 'approved') expect(approvers).toHaveLength(asked.approvals);
    }),
    { numRuns: 10_000 },
  );
});

test('answers that got in around the rules do not count', () => {
  fc.assert(
    fc.property(question, fc.array(answer, { maxLength: 12 }), (asked, rows) => {
      const standing = standingOf(asked, rows);
      if (rows.some(({ decision }) => decision === 'reject')) expect(standing.kind).toBe('rejected');
      if (standing.kind !== 'approved') return;
      const counting = new Set(
        rows.map(({ by }) => by).filter((by) => asked.allowRequester || by !== asked.requestedBy),
      );
      expect(counting.size).toBeGreaterThanOrEqual(asked.approvals);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['who asked', [], { by: 'ann', decision: 'approve' }, 'forbidden', 'somebody else'],
  [
    'a second answer of one person',
    [{ by: 'bob', decision: 'approve' }],
    { by: 'bob', decision: 'approve' },
    'conflict',
    '1 more',
  ],
  [
    'an answer after a rejection',
    [{ by: 'bob', decision: 'reject' }],
    { by: 'cyd', decision: 'approve' },
    'conflict',
    'final',
  ],
] as const)('%s is refused with the reason', (_, taken, one, code, why) => {
  const asked = { requestedBy: 'ann', approvals: 2, allowRequester: false };
  const refusal = refusalOf(asked, taken, one);
  expect(refusal?.code).toBe(code);
  expect(refusal?.why).toContain(why);
});
