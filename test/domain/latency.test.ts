import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addSketches,
  bucketUpperMs,
  latencyBucket,
  quantileMs,
  type LatencySketch,
} from '../../domain/latency.ts';

const latencyMs = fc.double({ min: 0.01, max: 900_000, noNaN: true });

test('a latency lies in its bucket', () => {
  fc.assert(
    fc.property(latencyMs, (ms) => {
      const bucket = latencyBucket(ms);

      expect(ms).toBeLessThanOrEqual(bucketUpperMs(bucket) * (1 + 1e-9));
      if (bucket > 0) expect(ms).toBeGreaterThan(bucketUpperMs(bucket - 1) * (1 - 1e-9));
    }),
  );
});

test('the last bucket takes whatever is slower than 16 minutes', () => {
  expect(latencyBucket(1e12)).toBe(283);
  expect(bucketUpperMs(283)).toBeGreaterThan(16 * 60_000);
});

test('a quantile is told within 5 %, never too low', () => {
  fc.assert(
    fc.property(
      fc.array(latencyMs, { minLength: 1, maxLength: 200 }),
      fc.constantFrom(0.5, 0.95, 0.99, 1),
      (all, q) => {
        const exact = all.toSorted((a, b) => a - b)[Math.ceil(q * all.length) - 1] ?? NaN;

        const told = quantileMs(sketchOf(all), q) ?? NaN;

        expect(told).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
        expect(told).toBeLessThanOrEqual(Math.max(1, exact * 1.05 * (1 + 1e-9)));
      },
    ),
  );
});

test('an empty sketch has no quantile', () => {
  expect(quantileMs({}, 0.95)).toBeNull();
});

test('adding two sketches is sketching all of their latencies', () => {
  fc.assert(
    fc.property(fc.array(latencyMs), fc.array(latencyMs), (some, others) => {
      expect(addSketches(sketchOf(some), sketchOf(others))).toEqual(sketchOf([...some, ...others]));
    }),
  );
});

function sketchOf(all: readonly number[]): LatencySketch {
  return all.reduce<LatencySketch>((sum, ms) => addSketches(sum, { [latencyBucket(ms)]: 1 }), {});
}
