import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judge } from '../../../domain/canary-rollout/judge.ts';
import { bucketOf, question } from './builders.ts';

const well = { requests: 900 };
const arm = fc.record({
  requests: fc.integer({ min: 0, max: 500 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
});
const seconds = fc.array(arm, { maxLength: 8 });
const toBuckets = (version: string, arms: readonly { requests: number; share: number }[]) =>
  arms.map(({ requests, share }, second) =>
    bucketOf(version, { requests, errors: Math.floor(requests * share), second }),
  );

test('how requests are cut into seconds, and their order, changes nothing', () => {
  fc.assert(
    fc.property(seconds, seconds, (canary, stable) => {
      const buckets = [...toBuckets('v2', canary), ...toBuckets('v1', stable)];
      const limits = { errorRate: { max: 1, maxRatio: 2 }, p95: { max: 200 } };

      const once = judge(question({ stable: well }, limits, { buckets }));
      const turned = judge(question({ stable: well }, limits, { buckets: buckets.toReversed() }));

      expect(turned).toEqual(once);
    }),
  );
});

test('a third version changes nothing', () => {
  fc.assert(
    fc.property(seconds, seconds, (canary, other) => {
      const buckets = toBuckets('v2', canary);

      const alone = judge(question({ stable: well }, undefined, { buckets }));
      const among = judge(
        question({ stable: well }, undefined, { buckets: [...buckets, ...toBuckets('v3', other)] }),
      );

      expect(among).toEqual(alone);
    }),
  );
});

test('a pass always rests on enough requests, and no metric of it is in breach', () => {
  fc.assert(
    fc.property(seconds, seconds, (canary, stable) => {
      const buckets = [...toBuckets('v2', canary), ...toBuckets('v1', stable)];
      const check = judge(question({ stable: well }, undefined, { buckets }));
      fc.pre(check.verdict === 'pass');

      expect(check.canaryRequests).toBeGreaterThanOrEqual(20);
      expect(check.metrics.every((metric) => metric.result === 'ok')).toBe(true);
    }),
  );
});
