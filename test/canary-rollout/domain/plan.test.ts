import { expect, test } from 'vitest';
import type { CanaryPlanInput } from '../../../contracts/canary-plan.ts';
import { planProblems } from '../../../domain/canary-rollout/plan-problems.ts';
import { freezePlan } from '../../../domain/canary-rollout/plan.ts';

test('a plan that is left out is the default one', () => {
  expect(freezePlan(null)).toEqual({
    steps: [
      { weight: 10, soakMs: 120_000, gate: null },
      { weight: 25, soakMs: 120_000, gate: null },
      { weight: 50, soakMs: 300_000, gate: null },
      { weight: 100, soakMs: 0, gate: null },
    ],
    checks: { intervalMs: 30_000, windowMs: 60_000, failureLimit: 3, minRequests: 20 },
    thresholds: [
      { metric: 'errorRate', max: 1, maxRatio: null, maxIncrease: null },
      { metric: 'p95', max: 200, maxRatio: null, maxIncrease: null },
      { metric: 'p99', max: 500, maxRatio: null, maxIncrease: null },
    ],
    onStableBreach: 'hold',
    timeouts: { healthMs: 60_000, verifyMs: 60_000, holdMs: 900_000, deadlineMs: 86_400_000 },
    leaseMs: 15_000,
    drainDelayMs: 30_000,
    warmWindowMs: 3_600_000,
  });
});

test('an empty plan is the default one, and the default one has no problems', () => {
  expect(freezePlan({})).toEqual(freezePlan(null));
  expect(planProblems({})).toEqual([]);
});

test('a given limit replaces the default of its metric, and of no other', () => {
  const { thresholds } = freezePlan({ thresholds: { p95: { maxRatio: 1.5 } } });

  expect(thresholds).toEqual([
    { metric: 'errorRate', max: 1, maxRatio: null, maxIncrease: null },
    { metric: 'p95', max: null, maxRatio: 1.5, maxIncrease: null },
    { metric: 'p99', max: 500, maxRatio: null, maxIncrease: null },
  ]);
});

test('a plan that ends below 100 % is kept as it is: the promotion sets 100 %', () => {
  expect(freezePlan({ steps: [{ weight: 5, soak: '1m' }] }).steps).toEqual([
    { weight: 5, soakMs: 60_000, gate: null },
  ]);
});

test.each([
  [undefined, null],
  [false, null],
  [true, { timeoutMs: 3_600_000, onTimeout: 'abort', approvals: 1, allowRequester: false }],
  [{}, { timeoutMs: 3_600_000, onTimeout: 'abort', approvals: 1, allowRequester: false }],
  [
    { timeout: '10m', onTimeout: 'hold', approvals: 2, allowRequester: true },
    { timeoutMs: 600_000, onTimeout: 'hold', approvals: 2, allowRequester: true },
  ],
  [
    { groups: [{ group: 'sre', approvals: 2 }], escalation: [{ after: '5m', groups: ['boss'] }] },
    {
      ...{ timeoutMs: 3_600_000, onTimeout: 'abort', approvals: 2, allowRequester: false },
      groups: [{ group: 'sre', approvals: 2 }],
      escalation: [{ afterMs: 300_000, groups: ['boss'] }],
    },
  ],
] satisfies [Gate, unknown][])('the gate %j is frozen as %j', (gate, frozen) => {
  expect(freezePlan({ steps: [{ weight: 10, soak: '1m', gate }] }).steps[0]?.gate).toEqual(frozen);
});

test('a window that is left out is never shorter than the interval', () => {
  const plan: CanaryPlanInput = { checks: { interval: '5m' } };

  expect(freezePlan(plan).checks.windowMs).toBe(300_000);
  expect(planProblems(plan)).toEqual([]);
});

test('a duration that is none is refused by name', () => {
  expect(() => freezePlan({ lease: 'soon' })).toThrow('"soon" is no duration');
});

type Gate = NonNullable<CanaryPlanInput['steps']>[number]['gate'];

function gateOf(gate: Gate): CanaryPlanInput {
  return { steps: [{ weight: 10, soak: '1m', gate }] };
}

function quorum(group: string, approvals: number) {
  return { group, approvals };
}

const soak = '1m';
test.each<[string, CanaryPlanInput, string, RegExp]>([
  ['no steps', { steps: [] }, '/steps', /at least one/],
  [
    'equal weights',
    {
      steps: [
        { weight: 10, soak },
        { weight: 10, soak },
      ],
    },
    '/steps/1/weight',
    /is 10 after 10.*rise/,
  ],
  [
    'falling weights',
    {
      steps: [
        { weight: 50, soak },
        { weight: 10, soak },
      ],
    },
    '/steps/1/weight',
    /is 10 after 50/,
  ],
  ['a weight over 100', { steps: [{ weight: 101, soak }] }, '/steps/0/weight', /1 to 100/],
  ['a weight of 0', { steps: [{ weight: 0, soak }] }, '/steps/0/weight', /1 to 100/],
  [
    'a step that is not judged',
    { steps: [{ weight: 10 }, { weight: 100 }] },
    '/steps/0/soak',
    /nothing would be judged.*2m/,
  ],
  [
    'an absurd soak',
    { steps: [{ weight: 10, soak: '8d' }], timeouts: { deadline: '30d' } },
    '/steps/0/soak',
    /0 to 7d/,
  ],
  [
    'nothing to compare with',
    { steps: [{ weight: 100, soak }], thresholds: { p99: { maxRatio: 2 } } },
    '/steps/0/soak',
    /no requests to compare with/,
  ],
  [
    'a gate without time',
    { steps: [{ weight: 10, gate: { timeout: '0' } }] },
    '/steps/0/gate/timeout',
    /1s to 30d/,
  ],
  [
    'a group twice',
    gateOf({ groups: [quorum('sre', 1), quorum('sre', 1)] }),
    '/steps/0/gate/groups/1/group',
    /second time/,
  ],
  [
    'a crowd',
    gateOf({ groups: [quorum('sre', 6), quorum('boss', 6)] }),
    '/steps/0/gate/groups',
    /at most 10/,
  ],
  [
    'fewer people than the groups',
    gateOf({ approvals: 1, groups: [quorum('sre', 2)] }),
    '/steps/0/gate/approvals',
    /groups ask for 2/,
  ],
  [
    'an escalation after the end',
    gateOf({ timeout: '5m', escalation: [{ after: '5m', groups: ['boss'] }] }),
    '/steps/0/gate/escalation/0/after',
    /less than the gate's time of 5m/,
  ],
  [
    'an escalation before the one before',
    gateOf({
      escalation: [
        { after: '5m', groups: ['boss'] },
        { after: '2m', groups: ['owner'] },
      ],
    }),
    '/steps/0/gate/escalation/1/after',
    /more than 5m/,
  ],
  ['checks without pause', { checks: { interval: '0' } }, '/checks/interval', /500ms to 1h/],
  ['checks too rare', { checks: { interval: '2h' } }, '/checks/interval', /500ms to 1h/],
  ['a window with gaps', { checks: { window: '10s' } }, '/checks/window', /shorter than the interval of 30s/],
  ['no time for health', { timeouts: { health: '0' } }, '/timeouts/health', /100ms to 1h/],
  ['no time to verify', { timeouts: { verify: '0' } }, '/timeouts/verify', /1s to 1h/],
  ['no time to hold', { timeouts: { hold: '0' } }, '/timeouts/hold', /100ms to 7d/],
  [
    'a deadline below the soaks',
    { timeouts: { deadline: '5m' } },
    '/timeouts/deadline',
    /less than the soaks.*9m/,
  ],
  ['a lease too short to renew', { lease: '1s' }, '/lease', /2s to 10m/],
  ['a lease that guards nothing', { lease: '1h' }, '/lease', /2s to 10m/],
  ['a warm window without end', { warmWindow: '8d' }, '/warmWindow', /0 to 7d/],
  [
    'a limit without meaning',
    { thresholds: { errorRate: { max: 150 } } },
    '/thresholds/errorRate/max',
    /up to 100/,
  ],
  ['a limit without value', { thresholds: { p95: {} } }, '/thresholds/p95', /max, maxRatio or maxIncrease/],
])('%s is refused with the field and the remedy', (_name, plan, pointer, detail) => {
  const problem = planProblems(plan).find((candidate) => candidate.pointer === pointer);

  expect(problem?.detail).toMatch(detail);
});

test('all problems are told at once', () => {
  const problems = planProblems({
    steps: [{ weight: 50 }, { weight: 20 }],
    lease: '0',
    checks: { interval: '0' },
  });

  expect(problems.map((problem) => problem.pointer)).toEqual([
    '/steps/0/soak',
    '/steps/1/weight',
    '/steps/1/soak',
    '/checks/interval',
    '/lease',
  ]);
});
