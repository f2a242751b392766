import fc from 'fast-check';
import { expect, test } from 'vitest';
import { questionOf, type Question } from '../../domain/approval/question.ts';
import { refusalOf, standingOf, type Answer } from '../../domain/approval/standing.ts';

const people = ['ann', 'bob', 'cyd', 'dee', 'eve'] as const;
const groups = ['sre', 'security', 'managers'] as const;
const person = fc.constantFrom(...people);
const someGroups = fc.subarray([...groups]);
const question: fc.Arbitrary<Question> = fc
  .record({
    approvals: fc.integer({ min: 1, max: 4 }),
    groups: fc.uniqueArray(
      fc.record({ group: fc.constantFrom('sre', 'security'), approvals: fc.integer({ min: 1, max: 2 }) }),
      { selector: ({ group }) => group },
    ),
    escalation: fc.array(fc.record({ afterMs: fc.constant(1000), groups: fc.constant(['managers']) }), {
      maxLength: 1,
    }),
    allowRequester: fc.boolean(),
  })
  .map(({ allowRequester, ...asked }) =>
    allowRequester ? questionOf(asked, 'ann', []) : questionOf(asked, 'ann'),
  );
const answer: fc.Arbitrary<Answer> = fc.record({
  by: person,
  decision: fc.constantFrom('approve' as const, 'approve' as const, 'reject' as const),
  groups: someGroups,
  level: fc.integer({ min: 0, max: 1 }),
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
      expect(new Set(approvers).size).toBe(approvers.length);
      for (const { principal } of asked.excluded) expect(approvers).not.toContain(principal);
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
      const counting = rows.filter(({ by }) => !asked.excluded.some(({ principal }) => principal === by));
      expect(new Set(counting.map(({ by }) => by)).size).toBeGreaterThanOrEqual(asked.approvals);
      for (const quorum of asked.groups) {
        const stood = asked.escalation.length > 0 ? [quorum.group, 'managers'] : [quorum.group];
        const fitting = counting.filter((row) => row.groups.some((group) => stood.includes(group)));
        expect(new Set(fitting.map(({ by }) => by)).size).toBeGreaterThanOrEqual(quorum.approvals);
      }
    }),
    { numRuns: 5000 },
  );
});

const two = questionOf({ approvals: 2 }, 'ann');
const ofGroups = questionOf(
  {
    groups: [
      { group: 'sre', approvals: 1 },
      { group: 'security', approvals: 1 },
    ],
    escalation: [{ afterMs: 1000, groups: ['managers'] }],
  },
  'ann',
);

function by(name: string, decision: Answer['decision'], inGroups: string[] = [], level = 0): Answer {
  return { by: name, decision, groups: inGroups, level };
}

test.each([
  ['who asked', two, [], by('ann', 'approve'), 'forbidden', 'somebody else'],
  ['a second answer of one person', two, [by('bob', 'approve')], by('bob', 'approve'), 'conflict', '1 more'],
  ['an answer after a rejection', two, [by('bob', 'reject')], by('cyd', 'approve'), 'conflict', 'final'],
  ['one of no group', ofGroups, [], by('bob', 'approve'), 'forbidden', 'sre, security'],
  [
    'a second one of a group that has enough',
    ofGroups,
    [by('bob', 'approve', ['sre'])],
    by('cyd', 'approve', ['sre']),
    'forbidden',
    'security',
  ],
  [
    'a stand-in before it was escalated',
    ofGroups,
    [],
    by('dee', 'approve', ['managers']),
    'forbidden',
    'none of the groups',
  ],
  [
    'an answer after the glass was broken',
    two,
    [by('bob', 'break-glass')],
    by('cyd', 'approve'),
    'conflict',
    'broke the glass',
  ],
] as const)('%s is refused with the reason', (_, asked, taken, one, code, why) => {
  const refusal = refusalOf(asked, taken, one);
  expect(refusal?.code).toBe(code);
  expect(refusal?.why).toContain(why);
});

test('a person counts once, for the group where it helps most', () => {
  const both = by('bob', 'approve', ['sre', 'security']);
  expect(standingOf(ofGroups, [both])).toMatchObject({ kind: 'open', missing: 1 });
  expect(standingOf(ofGroups, [both, by('cyd', 'approve', ['sre'])])).toEqual({ kind: 'approved' });
  expect(standingOf(ofGroups, [both, by('cyd', 'approve', ['security'])])).toEqual({ kind: 'approved' });
});

test('who stands in counts once it was escalated, and for one place', () => {
  const manager = by('dee', 'approve', ['managers'], 1);
  expect(refusalOf(ofGroups, [], manager)).toBeNull();
  expect(standingOf(ofGroups, [manager])).toMatchObject({ kind: 'open', missing: 1 });
  expect(standingOf(ofGroups, [manager, by('bob', 'approve', ['sre'])])).toEqual({ kind: 'approved' });
});

test.each(['editor', 'pusher'] as const)('a %s may not approve, but may reject', (because) => {
  const asked = questionOf({}, 'ann', [{ principal: 'bob', because }]);
  expect(refusalOf(asked, [], by('bob', 'approve'))?.code).toBe('forbidden');
  expect(refusalOf(asked, [], by('bob', 'reject'))).toBeNull();
  expect(standingOf(asked, [by('bob', 'approve')])).toMatchObject({ kind: 'open' });
});
