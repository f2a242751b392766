import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MetricResult } from '../../../contracts/canary-rollout.ts';
import { judge } from '../../../domain/canary-rollout/judge.ts';
import { question, type Arm } from './builders.ts';

const limits = {
  errorRate: { max: 1, maxRatio: 2 },
  p95: { max: 200, maxIncrease: 50 },
  p99: { max: 500 },
};
const metrics = ['errorRate', 'p95', 'p99'] as const;
const arm: fc.Arbitrary<Arm> = fc
  .record({
    requests: fc.integer({ min: 0, max: 400 }),
    bad: fc.nat(100),
    slow: fc.nat(100),
    ms: fc.nat(900),
  })
  .map(({ requests, bad, slow, ms }) => {
    const slowOnes = Math.floor((requests * slow) / 100);
    return {
      requests,
      errors: Math.floor((requests * bad) / 400),
      latency: { 20: requests - slowOnes, [ms + 21]: slowOnes },
    };
  });

test('the verdict is that of the gravest metric that counts', () => {
  fc.assert(
    fc.property(arm, arm, fc.subarray([...metrics]), (canary, stable, muted) => {
      const { verdict, metrics: results } = judge(question({ canary, stable }, limits, { muted }));

      expect(verdict).toBe(
        gravest(
          results.map(({ result }) => result),
          canary.requests,
        ),
      );
    }),
  );
});

test('a muted metric changes the verdict as little as one that the plan does not have', () => {
  fc.assert(
    fc.property(arm, arm, fc.constantFrom(...metrics), (canary, stable, metric) => {
      const { [metric]: _left, ...others } = limits;

      const mutedOne = judge(question({ canary, stable }, limits, { muted: [metric] }));
      const without = judge(question({ canary, stable }, others));

      expect(mutedOne.verdict).toBe(without.verdict);
      expect(mutedOne.metrics.find((result) => result.metric === metric)?.result).toBe('muted');
    }),
  );
});

test('fewer requests of the canary than wanted are never a pass nor a fail', () => {
  fc.assert(
    fc.property(arm, arm, fc.integer({ min: 1, max: 500 }), (canary, stable, minRequests) => {
      fc.pre(canary.requests < minRequests);
      const { checks } = question({});

      const { verdict } = judge(question({ canary, stable }, limits, { checks: { ...checks, minRequests } }));

      expect(verdict).toBe('no-data');
    }),
  );
});

test('one more error never turns a fail into something milder', () => {
  fc.assert(
    fc.property(arm, arm, (canary, stable) => {
      const errors = canary.errors ?? 0;
      fc.pre(errors < canary.requests);
      const before = judge(question({ canary, stable }, limits)).verdict;

      const after = judge(question({ canary: { ...canary, errors: errors + 1 }, stable }, limits)).verdict;

      if (before === 'fail') expect(after).toBe('fail');
    }),
  );
});

function gravest(results: readonly MetricResult['result'][], requests: number): string {
  if (results.includes('breach')) return 'fail';
  if (results.includes('stable-breach')) return 'stable-breach';
  if (requests < 20 || results.includes('no-data')) return 'no-data';
  return results.includes('inconclusive') ? 'inconclusive' : 'pass';
}
