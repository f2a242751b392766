import { Check } from 'typebox/value';
import { expect, test } from 'vitest';
import { planOfFile } from '../../cli/plan-file.ts';
import { parseYaml } from '../../cli/yaml-source.ts';
import { CanaryPlanInput } from '../../contracts/canary-plan.ts';
import { planProblems } from '../../domain/canary-rollout/plan-problems.ts';

function planOf(text: string): CanaryPlanInput {
  return planOfFile(parseYaml('plan.yaml', text)).plan;
}

function faultOf(text: string): string {
  try {
    planOf(text);
    return 'no fault';
  } catch (error) {
    return (error as Error).message;
  }
}

const argo = `canary:
  steps:
    - setWeight: 10
    - pause: { duration: 2m }
    - setWeight: 50
    - pause: { duration: 30 }
    - pause: {}
    - setWeight: 100
  analysis:
    interval: 30s
    failureLimit: 2
    window: 1m
    minRequests: 50
    metrics:
      - name: error-rate
        threshold: '< 1%'
        maxRatio: 2
      - { name: p95, threshold: '< 0.2s' }
      - { name: p99, max: 500 }
  drainDelay: 20s
  onStableBreach: abort
`;

test("a plan in Argo's words becomes ours, valid and without problems", () => {
  const plan = planOf(argo);

  expect(plan).toEqual({
    steps: [{ weight: 10, soak: '2m' }, { weight: 50, soak: '30s', gate: true }, { weight: 100 }],
    checks: { interval: '30s', failureLimit: 2, window: '1m', minRequests: 50 },
    thresholds: { errorRate: { max: 1, maxRatio: 2 }, p95: { max: 200 }, p99: { max: 500 } },
    drainDelay: '20s',
    onStableBreach: 'abort',
  });
  expect(Check(CanaryPlanInput, plan)).toBe(true);
  expect(planProblems(plan)).toEqual([]);
});

test('a plan in our words is taken as it is, with or without a canary block', () => {
  const own = `steps:
  - { weight: 10, soak: 2m }
  - { weight: 100, soak: 1m, gate: { timeout: 1h, onTimeout: hold, groups: [{ group: sre, approvals: 2 }], escalation: [{ after: 5m, groups: [boss] }] } }
checks: { interval: 10s }
thresholds: { errorRate: { max: 1 } }
timeouts: { health: 30s }
lease: 10s
`;
  const indented = `canary:\n${own.replace(/^/gm, '  ')}`;

  expect(planOf(own)).toEqual(planOf(indented));
  expect(planOf(own)).toMatchObject({
    steps: [
      { weight: 10, soak: '2m' },
      {
        weight: 100,
        gate: {
          ...{ timeout: '1h', onTimeout: 'hold' },
          groups: [{ group: 'sre', approvals: 2 }],
          escalation: [{ after: '5m', groups: ['boss'] }],
        },
      },
    ],
    timeouts: { health: '30s' },
    lease: '10s',
  });
});

test.each<[string, string, string]>([
  ['broken YAML', 'canary:\n  steps: [', 'plan.yaml:2:11'],
  ['a tab', 'canary:\n\tsteps: []', 'plan.yaml:2:1'],
  [
    'an unknown word',
    'canary:\n  stpes: []',
    'plan.yaml:2:3: canary.stpes is not known here; did you mean steps?',
  ],
  ['steps that are no list', 'canary:\n  steps: 10', 'plan.yaml:2:10: canary.steps must be a list'],
  ['no steps', 'canary:\n  steps: []', 'plan.yaml:2:10: canary.steps must be a list with at least one item'],
  [
    'a weight as text',
    'steps:\n  - setWeight: ten',
    'plan.yaml:2:16: steps.0.setWeight must be a whole number, not "ten"',
  ],
  [
    'a weight over 100',
    'steps:\n  - setWeight: 120',
    'plan.yaml:2:16: steps.0.setWeight must be a percentage from 1 to 100',
  ],
  [
    'a wrong step',
    'steps:\n  - setWieght: 10',
    'plan.yaml:2:5: steps.0.setWieght is not known here; did you mean setWeight?',
  ],
  ['a pause first', 'steps:\n  - pause: {}', 'plan.yaml:2:5: steps.0 comes before any setWeight'],
  [
    'two pauses',
    'steps:\n  - setWeight: 5\n  - pause: { duration: 1m }\n  - pause: { duration: 2m }',
    'plan.yaml:4:5: steps.2 is the second pause',
  ],
  [
    'no duration',
    'steps:\n  - setWeight: 5\n  - pause: { duration: soon }',
    'plan.yaml:3:24: steps.1.pause.duration must be a duration such as 30s',
  ],
  [
    'a negative duration',
    'steps:\n  - setWeight: 5\n  - pause: { duration: -5 }',
    'plan.yaml:3:24: steps.1.pause.duration must be a duration',
  ],
  [
    'an unknown metric',
    'analysis:\n  metrics:\n    - { name: p50, threshold: 1ms }',
    'plan.yaml:3:15: analysis.metrics.0.name must be error-rate, p95 or p99',
  ],
  [
    'a rate in ms',
    "analysis:\n  metrics:\n    - { name: error-rate, threshold: '< 5ms' }",
    'plan.yaml:3:38: analysis.metrics.0.threshold must be a percentage',
  ],
  [
    'a metric without a limit',
    'analysis:\n  metrics:\n    - name: p95',
    'plan.yaml:3:7: analysis.metrics.0 needs a threshold',
  ],
  [
    'a metric twice',
    'analysis:\n  metrics:\n    - { name: p95, max: 1 }\n    - { name: p95, max: 2 }',
    'plan.yaml:4:7: analysis.metrics.1 is a second threshold',
  ],
  [
    'a limit as text',
    'thresholds:\n  p95: { max: low }',
    'plan.yaml:2:15: thresholds.p95.max must be a number',
  ],
  [
    'a wrong policy',
    'onStableBreach: retry',
    'plan.yaml:1:17: onStableBreach must be hold or abort, not retry',
  ],
  ['no mapping', '- a', 'plan.yaml:1:1: must be a mapping'],
])('%s is told with file, line and column', (_name, text, told) => {
  expect(faultOf(text)).toContain(told);
});

test('what the API finds is found again in the file, in either shape', () => {
  const { source } = planOfFile(parseYaml('plan.yaml', argo));
  const at = (...pointer: string[]): string => source.at(source.locate(pointer));

  expect(at('steps', '1', 'weight')).toBe('plan.yaml:5:7');
  expect(at('steps', '1', 'soak')).toBe('plan.yaml:6:26');
  expect(at('checks', 'interval')).toBe('plan.yaml:10:15');
  expect(at('thresholds', 'p95')).toBe('plan.yaml:18:9');
  expect(at('drainDelay')).toBe('plan.yaml:20:15');
});
