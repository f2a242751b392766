import fc from 'fast-check';
import { expect, test } from 'vitest';
import type {
  CanaryCommandKind,
  CanaryPhase,
  CanaryRolloutState,
} from '../../../contracts/canary-rollout.ts';
import { decideCommand, type Command } from '../../../domain/canary-rollout/commands.ts';
import { planOf, stateOf } from './builders.ts';

const until = '2026-01-01T12:00:00.000Z';
const hold = { reason: 'database upgrade', by: 'ann', until: null };

test.each<[CanaryPhase, CanaryCommandKind, boolean]>([
  ['starting', 'promote', false],
  ['starting', 'promote-full', false],
  ['starting', 'pause', true],
  ['starting', 'resume', false],
  ['starting', 'abort', true],
  ['starting', 'hold', true],
  ['starting', 'mute', true],
  ['health-check', 'promote', false],
  ['health-check', 'promote-full', false],
  ['health-check', 'abort', true],
  ['shifting', 'promote', false],
  ['shifting', 'promote-full', false],
  ['shifting', 'pause', true],
  ['shifting', 'abort', true],
  ['soaking', 'promote', true],
  ['soaking', 'promote-full', true],
  ['soaking', 'pause', true],
  ['soaking', 'resume', false],
  ['soaking', 'abort', true],
  ['soaking', 'mute', true],
  ['soaking', 'hold', true],
  ['soaking', 'release-hold', false],
  ['holding', 'promote', true],
  ['holding', 'promote-full', true],
  ['holding', 'pause', true],
  ['holding', 'resume', false],
  ['holding', 'abort', true],
  ['paused', 'promote', true],
  ['paused', 'promote-full', true],
  ['paused', 'pause', false],
  ['paused', 'resume', true],
  ['paused', 'abort', true],
  ['waiting-for-approval', 'promote', false],
  ['waiting-for-approval', 'promote-full', false],
  ['waiting-for-approval', 'pause', false],
  ['waiting-for-approval', 'hold', false],
  ['waiting-for-approval', 'abort', true],
  ['waiting-for-approval', 'mute', true],
])('while %s, %s is accepted: %s', (phase, kind, accepted) => {
  expect(decide({ phase }, { kind }).accepted).toBe(accepted);
});

const kinds = [
  'pause',
  'resume',
  'promote',
  'promote-full',
  'abort',
  'mute',
  'hold',
  'release-hold',
] as const;

test.each(kinds)('%s is refused once the rollout is on its way out', (kind) => {
  for (const phase of ['rolling-back', 'promoting', 'done'] as const) {
    const decision = decide({ phase, outcome: phase === 'done' ? 'promoted' : null }, { kind });

    expect(decision.accepted).toBe(false);
    expect(decision.answer).toMatch(/rolling back already|promotion is under way|over: promoted/);
  }
});

test('a command for another revision is refused, and names both', () => {
  const { accepted, answer } = decide({ revision: 9 }, { kind: 'promote', revision: 8 });

  expect(accepted).toBe(false);
  expect(answer).toContain('revision 8, step 2; the rollout is at revision 9, step 2 (soaking)');
});

test('a command for another step is refused, and names both', () => {
  const { accepted, answer } = decide({ step: 2 }, { kind: 'abort', step: 1 });

  expect(accepted).toBe(false);
  expect(answer).toContain('step 2; the rollout is at revision 7, step 3');
});

test('at a gate, promote names the command to approve', () => {
  expect(decide({ phase: 'waiting-for-approval' }, { kind: 'promote' }).answer).toContain(
    'holdfast canary approve',
  );
});

test("nobody hurries a rollout past somebody's hold", () => {
  for (const kind of ['promote', 'promote-full', 'resume'] as const) {
    const { accepted, answer } = decide({ phase: 'paused', hold }, { kind });

    expect(accepted).toBe(false);
    expect(answer).toMatch(/a hold by ann is in force \(database upgrade\).*holdfast canary release/);
  }
  expect(decide({ phase: 'paused', hold }, { kind: 'release-hold' }).accepted).toBe(true);
  expect(decide({ phase: 'paused', hold }, { kind: 'abort' }).accepted).toBe(true);
});

test.each<[string, Partial<Command>, string]>([
  ['mute without reason', { kind: 'mute', reason: null }, '--reason'],
  ['mute without end', { kind: 'mute', expiresAt: null }, '--for'],
  ['mute of nothing', { kind: 'mute', metric: null }, 'errorRate, p95, p99'],
  ['mute of an unknown metric', { kind: 'mute', metric: 'p50' }, 'errorRate, p95, p99'],
  ['hold without reason', { kind: 'hold', reason: null }, '--reason'],
])('%s is refused and says what is missing', (_name, command, missing) => {
  const { accepted, answer } = decide({}, command);

  expect(accepted).toBe(false);
  expect(answer).toContain(missing);
});

test('a hold may have no end', () => {
  expect(decide({}, { kind: 'hold', expiresAt: null }).accepted).toBe(true);
});

test('a kind from another version is refused, not thrown at', () => {
  expect(decide({}, { kind: 'levitate' as CanaryCommandKind })).toEqual({
    accepted: false,
    answer: 'levitate is not known to this version',
  });
});

test('every decision explains itself', () => {
  const phases = [
    'starting',
    'health-check',
    'shifting',
    'soaking',
    'waiting-for-approval',
    'paused',
    'holding',
  ] as const;
  fc.assert(
    fc.property(
      fc.constantFrom(...phases),
      fc.constantFrom(...kinds),
      fc.constantFrom(null, hold),
      (phase, kind, held) => {
        expect(decide({ phase, hold: held }, { kind }).answer.length).toBeGreaterThan(10);
      },
    ),
  );
});

test('of two people who press at once, the second is stale', () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.constantFrom(...kinds), (first, second) => {
      fc.pre(decide({}, { kind: first }).accepted);
      const moved = { revision: stateOf().revision + 1 };

      expect(decide(moved, { kind: second }).accepted).toBe(false);
    }),
  );
});

function decide(state: Partial<CanaryRolloutState>, command: Partial<Command>) {
  const now = stateOf(state);
  const whole: Command = {
    kind: 'promote',
    revision: 7,
    step: 1,
    by: 'bob',
    reason: 'because',
    metric: 'errorRate',
    expiresAt: until,
    ...command,
  };
  return decideCommand(now, planOf(), whole);
}
