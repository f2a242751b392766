import { expect, test } from 'vitest';
import type { ConfigPlanInput } from '../../../contracts/config-plan.ts';
import { planProblems } from '../../../domain/config-rollout/plan-problems.ts';
import { freezePlan } from '../../../domain/config-rollout/plan.ts';

test('a plan that is left out is the default one', () => {
  expect(freezePlan(null)).toEqual({
    waves: [
      { rule: { by: 'percent', percent: 5 }, bakeMs: 120_000, approval: null },
      { rule: { by: 'percent', percent: 25 }, bakeMs: 120_000, approval: null },
      { rule: { by: 'rest' }, bakeMs: 300_000, approval: null },
    ],
    checks: {
      intervalMs: 5000,
      failureLimit: 1,
      minRequests: 0,
      limits: [{ metric: 'errorRate', max: 5, maxIncrease: null }],
      probe: null,
    },
    applyMs: 120_000,
    partition: { policy: 'wait', afterMs: 30_000, budgetPercent: 0 },
    deadlineMs: 86_400_000,
  });
});

test('an empty plan is the default one, and the default one has no problems', () => {
  expect(freezePlan({})).toEqual(freezePlan(null));
  expect(planProblems({}, '')).toEqual([]);
});

test('an empty list of waves is one wave of everybody', () => {
  expect(freezePlan({ waves: [], rest: { bake: '0' } }).waves).toEqual([
    { rule: { by: 'rest' }, bakeMs: 0, approval: null },
  ]);
});

test('waves by region and by labels keep their order, and the rest comes last', () => {
  const waves: ConfigPlanInput['waves'] = [
    { labels: { ring: 'one' }, bake: '10s' },
    { regions: ['eu', 'us'] },
  ];

  expect(freezePlan({ waves }).waves.map(({ rule }) => rule)).toEqual([
    { by: 'labels', labels: { ring: 'one' } },
    { by: 'region', regions: ['eu', 'us'] },
    { by: 'rest' },
  ]);
});

test('limits that are named are kept, and the default of the error rate gives way to one that is named', () => {
  const checks = { errorRate: { maxIncrease: 2 }, p99: { max: 400 }, probe: { port: 80, path: '/' } };

  expect(freezePlan({ checks }).checks).toMatchObject({
    limits: [
      { metric: 'errorRate', max: null, maxIncrease: 2 },
      { metric: 'p99', max: 400, maxIncrease: null },
    ],
    probe: { port: 80, path: '/', host: null, status: 200 },
  });
});

test.each([
  [undefined, null],
  [false, null],
  [true, { approvals: 1, groups: [], timeoutMs: 3_600_000, onTimeout: 'abort', allowRequester: false }],
  [
    { groups: [{ group: 'net', approvals: 2 }], timeout: '5m', onTimeout: 'hold' as const },
    {
      approvals: 2,
      groups: [{ group: 'net', approvals: 2 }],
      timeoutMs: 300_000,
      onTimeout: 'hold',
      allowRequester: false,
    },
  ],
])('approval %j of a wave is frozen', (approval, frozen) => {
  const [wave] = freezePlan({
    waves: [{ percent: 5, ...(approval === undefined ? {} : { approval }) }],
  }).waves;

  expect(wave?.approval).toEqual(frozen);
});

const bad: [ConfigPlanInput, pointer: string, detail: string][] = [
  [{ waves: [{}] }, '/waves/0', 'has 0 of percent'],
  [{ waves: [{ percent: 5, regions: ['eu'] }] }, '/waves/0', 'has 2 of percent'],
  [{ waves: [{ labels: {} }] }, '/waves/0/labels', 'names no label'],
  [{ waves: [{ percent: 25 }, { percent: 25 }] }, '/waves/1/percent', 'is 25 after 25'],
  [{ waves: [{ percent: 25 }, { regions: ['eu'] }, { percent: 5 }] }, '/waves/2/percent', 'is 5 after 25'],
  [{ waves: [{ regions: ['eu'] }, { regions: ['us', 'eu'] }] }, '/waves/1/regions/1', 'is eu, which'],
  [{ waves: [{ percent: 5, bake: '8d' }] }, '/waves/0/bake', 'from 0 to 7d'],
  [{ waves: [{ percent: 5, bake: '999999999d' }] }, '/waves/0/bake', 'from 0 to 7d'],
  [{ rest: { bake: '8d' } }, '/rest/bake', 'from 0 to 7d'],
  [{ rest: { approval: { timeout: '1ms' } } }, '/rest/approval/timeout', 'from 1s to 30d'],
  [{ checks: { interval: '999ms' } }, '/checks/interval', 'from 1s to 1h'],
  [{ apply: '10ms' }, '/apply', 'from 1s to 1d'],
  [{ partition: { policy: 'abort', after: '0' } }, '/partition/after', 'from 1s to 7d'],
  [{ deadline: '31d' }, '/deadline', 'from 1s to 30d'],
  [{ deadline: '1m' }, '/deadline', 'less than the bakes'],
  [{ checks: { errorRate: { max: 101 } } }, '/checks/errorRate/max', 'up to 100'],
  [{ checks: { minRequests: 5 }, rest: { bake: '0' } }, '/rest/bake', 'could never come'],
  [{ checks: { probe: { port: 80, path: '/', host: 'a b' } } }, '/checks/probe/host', 'is no host'],
  [{ partition: { policy: 'proceed' } }, '/partition/budgetPercent', 'is missing or 0'],
  [{ partition: { policy: 'wait', budgetPercent: 5 } }, '/partition/budgetPercent', 'not looked at by wait'],
  [
    {
      waves: [
        {
          percent: 5,
          approval: {
            groups: [
              { group: 'net', approvals: 6 },
              { group: 'net', approvals: 5 },
            ],
          },
        },
      ],
    },
    '/waves/0/approval/groups/1/group',
    'a second time',
  ],
  [
    { rest: { approval: { approvals: 1, groups: [{ group: 'net', approvals: 2 }] } } },
    '/rest/approval/approvals',
    'the groups ask for 2',
  ],
];

test.each(bad)('%j is refused at %s', (input, pointer, detail) => {
  expect(planProblems(input, '/plan')).toContainEqual({
    pointer: `/plan${pointer}`,
    detail: expect.stringContaining(detail) as string,
  });
});

test('a plan that says everything has no problems', () => {
  const input: ConfigPlanInput = {
    waves: [
      { labels: { ring: 'one' }, bake: '10s' },
      { percent: 10, approval: { groups: [{ group: 'net', approvals: 2 }], approvals: 3 } },
      { regions: ['eu'], bake: '1m' },
    ],
    rest: { bake: '2m', approval: true },
    checks: {
      interval: '1s',
      minRequests: 10,
      p95: { max: 200 },
      probe: { port: 80, path: '/', host: 'a:80' },
    },
    partition: { policy: 'proceed', after: '20s', budgetPercent: 5 },
    deadline: '2h',
  };

  expect(planProblems(input, '')).toEqual([]);
});
