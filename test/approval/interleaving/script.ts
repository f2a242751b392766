import fc from 'fast-check';
import type { QuestionInput } from '../../../domain/approval/question.ts';

/** `ann` asks for everything; she is a person like the others, with groups and a key. */
export const requester = 'ann';
export const groupsOfPeople: Readonly<Record<string, readonly string[]>> = {
  ann: ['sre', 'managers'],
  bob: ['sre'],
  cyd: ['sre', 'security'],
  dee: ['managers'],
};
export type Decision = 'approve' | 'reject';

/** One thing that happens to an approval, in whatever order. */
export type Step =
  | { readonly kind: 'request' }
  | { readonly kind: 'edit'; readonly thing: string }
  /** Somebody answers what they look at: what is asked now, or what was asked before. The request may arrive twice. */
  | {
      readonly kind: 'answer';
      readonly by: string;
      readonly decision: Decision;
      readonly isStale: boolean;
      readonly times: number;
    }
  /** The same around the API: a row, a message with a name in it. */
  | { readonly kind: 'around'; readonly by: string; readonly decision: Decision }
  /** A decision is announced: one that was made, again, or one that nobody made. */
  | { readonly kind: 'deliver'; readonly how: 'signal' | 'update'; readonly isForged: boolean }
  | { readonly kind: 'expire' | 'escalate' | 'cancel' | 'continue-as-new' | 'reset' | 'act' }
  | { readonly kind: 'together'; readonly steps: readonly Step[] };

export interface Script {
  readonly question: QuestionInput;
  readonly steps: readonly Step[];
}

const person = fc.constantFrom(...Object.keys(groupsOfPeople));
const decision = fc.constantFrom<Decision>('approve', 'approve', 'approve', 'reject');
const answer = fc.record({
  kind: fc.constant('answer' as const),
  by: person,
  decision,
  isStale: fc.boolean(),
  times: fc.integer({ min: 1, max: 2 }),
});
const one: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'request' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('edit' as const), thing: fc.constantFrom('A', 'B', 'C') }),
  },
  { weight: 7, arbitrary: answer },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('around' as const), by: person, decision }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('deliver' as const),
      how: fc.constantFrom('signal' as const, 'update' as const),
      isForged: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('expire', 'escalate', 'escalate', 'cancel', 'continue-as-new', 'reset')
      .map((kind) => ({ kind: kind as 'expire' })),
  },
  { weight: 5, arbitrary: fc.constant({ kind: 'act' as const }) },
);
const requests: readonly string[] = ['request', 'continue-as-new', 'reset'];
const together: fc.Arbitrary<Step> = fc
  .array(one, { minLength: 2, maxLength: 3 })
  // Which of two requests at once came last only the system could tell.
  .filter((steps) => steps.filter(({ kind }) => requests.includes(kind)).length < 2)
  .map((steps) => ({ kind: 'together' as const, steps }));

const question: fc.Arbitrary<QuestionInput> = fc.constantFrom<QuestionInput>(
  { approvals: 1 },
  { approvals: 2 },
  { groups: [{ group: 'sre', approvals: 1 }], escalation: [{ afterMs: 60_000, groups: ['managers'] }] },
  {
    groups: [
      { group: 'sre', approvals: 1 },
      { group: 'security', approvals: 1 },
    ],
    escalation: [{ afterMs: 60_000, groups: ['managers'] }],
  },
  { approvals: 1, onExpiry: 'hold' },
);

/** Something is asked first, and there is a try to act in the end. */
export const anyScript: fc.Arbitrary<Script> = fc
  .record({
    question,
    steps: fc.array(fc.oneof({ weight: 8, arbitrary: one }, { weight: 2, arbitrary: together }), {
      minLength: 3,
      maxLength: 10,
    }),
  })
  .map((script) => ({
    ...script,
    steps: [{ kind: 'request' as const }, ...script.steps, { kind: 'act' as const }],
  }));
