import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Agent, planWaves, type WaveRule } from '../../../domain/config-rollout/waves.ts';

const agents = fc.uniqueArray(
  fc.record({
    name: fc.string({ minLength: 1, maxLength: 8 }),
    region: fc.constantFrom('eu', 'us', 'ap'),
    labels: fc.dictionary(fc.constantFrom('tier', 'ring'), fc.constantFrom('one', 'two'), {
      noNullPrototype: true,
    }),
  }),
  { selector: ({ name }) => name, maxLength: 60 },
);
const rules: fc.Arbitrary<WaveRule[]> = fc.array(
  fc.oneof(
    fc.record({ by: fc.constant('percent' as const), percent: fc.integer({ min: 0, max: 100 }) }),
    fc.record({ by: fc.constant('region' as const), regions: fc.subarray(['eu', 'us', 'ap']) }),
    fc.record({
      by: fc.constant('labels' as const),
      labels: fc.dictionary(fc.constantFrom('tier', 'ring'), fc.constantFrom('one', 'two'), {
        noNullPrototype: true,
      }),
    }),
  ),
  { maxLength: 6 },
);

test('every agent is in exactly one wave, and the last wave is the rest', () => {
  fc.assert(
    fc.property(agents, rules, fc.string(), (fleet, plan, seed) => {
      const waves = planWaves(fleet, plan, seed);

      expect(waves.map(({ rule }) => rule)).toEqual([...plan, { by: 'rest' }]);
      expect(waves.flatMap((wave) => wave.agents).sort()).toEqual(fleet.map(({ name }) => name).sort());
    }),
  );
});

test('the order of the agents does not matter', () => {
  fc.assert(
    fc.property(agents, rules, (fleet, plan) => {
      expect(planWaves(fleet.toReversed(), plan, 's')).toEqual(planWaves(fleet, plan, 's'));
    }),
  );
});

test('who comes or goes moves nobody else, but for a wave that would have been empty', () => {
  fc.assert(
    fc.property(agents, rules, fc.nat(), (fleet, plan, which) => {
      const gone = fleet[which % Math.max(1, fleet.length)];
      const whole = planWaves(fleet, plan, 's');
      const less = planWaves(
        fleet.filter((agent) => agent !== gone),
        plan,
        's',
      );
      const isFilled = (waves: typeof whole): boolean =>
        waves.some(
          ({ rule, agents: members }) => rule.by === 'percent' && rule.percent > 0 && members.length <= 1,
        );
      fc.pre(!isFilled(whole) && !isFilled(less));

      expect(less.map((wave) => wave.agents)).toEqual(
        whole.map((wave) => wave.agents.filter((name) => name !== gone?.name)),
      );
    }),
  );
});

test('a share that is raised keeps whom it had', () => {
  fc.assert(
    fc.property(agents, fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }), (fleet, a, b) => {
      const first = (percent: number): readonly string[] =>
        planWaves(fleet, [{ by: 'percent', percent }], 's')[0]?.agents ?? [];

      expect(first(Math.max(a, b))).toEqual(expect.arrayContaining([...first(Math.min(a, b))]));
    }),
  );
});

test('percents count from the beginning of the fleet', () => {
  const fleet: Agent[] = Array.from({ length: 2000 }, (_, index) => ({
    name: `p${index}`,
    region: 'eu',
    labels: {},
  }));
  const plan: WaveRule[] = [5, 25, 100].map((percent) => ({ by: 'percent', percent }));
  const sizes = planWaves(fleet, plan, 'shop/production').map((wave) => wave.agents.length / 20);

  expect(sizes[0]).toBeCloseTo(5, -0.3);
  expect(sizes[1]).toBeGreaterThan(17);
  expect(sizes[1]).toBeLessThan(23);
  expect(sizes[3]).toBe(0);
});

test('a small fleet still has a first wave of one', () => {
  const fleet: Agent[] = ['a', 'b', 'c'].map((name) => ({ name, region: 'eu', labels: {} }));
  const waves = planWaves(fleet, [{ by: 'percent', percent: 1 }], 's');

  expect(waves.map((wave) => wave.agents.length)).toEqual([1, 2]);
});

test('regions and labels go in order', () => {
  const fleet: Agent[] = [
    { name: 'a', region: 'eu', labels: { ring: '0' } },
    { name: 'b', region: 'us', labels: { ring: '0', tier: 'x' } },
    { name: 'c', region: 'us', labels: {} },
  ];
  const plan: WaveRule[] = [
    { by: 'labels', labels: { ring: '0', tier: 'x' } },
    { by: 'region', regions: ['us', 'eu'] },
  ];

  expect(planWaves(fleet, plan, 's').map((wave) => wave.agents)).toEqual([['b'], ['a', 'c'], []]);
});
