import { expect, test } from 'vitest';
import type { CanaryPlanInput } from '../../../contracts/canary-plan.ts';
import { judge } from '../../../domain/canary-rollout/judge.ts';
import { startWatch, watchTick, type Check } from '../../../domain/canary-rollout/watch.ts';
import { bucketOf, planOf } from './builders.ts';

/** Judge and watch together on simulated traffic, each run with a recorded seed. */

const quick: CanaryPlanInput = { checks: { interval: '1s', window: '10s', failureLimit: 1 } };

test('a healthy canary with 100 requests/s and 0.1 % errors is never aborted under a limit of 1 %', () => {
  const runs = seeds(60).map((seed) =>
    abortSecond({ seed, plan: quick, canaryPerSecond: 100, rate: () => 0.001, seconds: 200 }),
  );

  expect(runs.filter((second) => second !== null)).toEqual([]);
});

test.each([1, 2, 10])(
  'a healthy canary with %d requests/s is not aborted by the default plan within an hour',
  (canaryPerSecond) => {
    const runs = seeds(12).map((seed) =>
      abortSecond({ seed, plan: {}, canaryPerSecond, rate: () => 0.001, seconds: 3600 }),
    );

    expect(runs.filter((second) => second !== null)).toEqual([]);
  },
);

test('5 % errors from one moment on are found within seconds at 100 requests/s', () => {
  const turn = 60;
  const runs = seeds(60).map((seed) =>
    abortSecond({
      seed,
      plan: quick,
      canaryPerSecond: 100,
      rate: (second) => (second < turn ? 0.001 : 0.05),
      seconds: 90,
    }),
  );

  const delays = runs.map((second) => (second ?? Infinity) - turn).sort((a, b) => a - b);
  expect(delays[0]).toBeGreaterThanOrEqual(0);
  expect(delays[Math.floor(delays.length * 0.95)]).toBeLessThanOrEqual(8);
});

test('5 % errors are found by the default plan within four checks and the window, at 10 requests/s', () => {
  const turn = 300;
  const runs = seeds(40).map((seed) =>
    abortSecond({
      seed,
      plan: {},
      canaryPerSecond: 10,
      rate: (second) => (second < turn ? 0.001 : 0.05),
      seconds: 600,
    }),
  );

  expect(runs.filter((second) => second === null || second < turn)).toEqual([]);
  expect(Math.max(...runs.map((second) => (second ?? Infinity) - turn))).toBeLessThanOrEqual(4 * 30 + 60);
});

test('an outage of something that both versions need holds, and aborts nothing', () => {
  const outage = (second: number): number => (second >= 60 && second < 120 ? 0.05 : 0.001);
  const runs = seeds(40).map((seed) =>
    abortSecond({ seed, plan: quick, canaryPerSecond: 10, rate: outage, stableRate: outage, seconds: 180 }),
  );

  expect(runs.filter((second) => second !== null).length).toBeLessThanOrEqual(1);
});

interface Traffic {
  readonly seed: number;
  readonly plan: CanaryPlanInput;
  readonly canaryPerSecond: number;
  readonly rate: (second: number) => number;
  /** The stable arm gets nine times the requests. */
  readonly stableRate?: (second: number) => number;
  readonly seconds: number;
}

/** The second in which the watch of a long soak fails, or null. */
function abortSecond(traffic: Traffic): number | null {
  const plan = planOf(traffic.plan);
  const random = mulberry32(traffic.seed);
  const window = plan.checks.windowMs / 1000;
  const buckets: ReturnType<typeof bucketOf>[] = [];
  let state = startWatch();
  let checkDue = false;
  for (let second = 0; second < traffic.seconds; second += 1) {
    buckets.push(...secondOf(traffic, second, random));
    const check = checkDue ? look(plan, buckets, second - window) : null;
    const tick = watchTick(plan, { soakMs: 1e9 }, state, { elapsedMs: 1000, check, metricsError: null });
    ({ state, checkDue } = tick);
    if (tick.verdict?.kind === 'failed') return second;
  }
  return null;
}

function look(plan: ReturnType<typeof planOf>, buckets: ReturnType<typeof bucketOf>[], after: number): Check {
  const inWindow = buckets
    .slice(-2 * (plan.checks.windowMs / 1000))
    .filter((bucket) => bucket.second > after);
  const { checks, thresholds } = plan;
  return judge({ policy: 1, checks, thresholds, canary: 'v2', stable: 'v1', buckets: inWindow, muted: [] });
}

function secondOf(traffic: Traffic, second: number, random: () => number) {
  const { canaryPerSecond: n, rate, stableRate = () => 0.001 } = traffic;
  return [
    bucketOf('v2', { requests: n, errors: binomial(n, rate(second), random), second }),
    bucketOf('v1', { requests: 9 * n, errors: binomial(9 * n, stableRate(second), random), second }),
  ];
}

/** Counts successes by jumping from one to the next (geometric gaps), so that rare ones cost little. */
function binomial(n: number, p: number, random: () => number): number {
  let count = -1;
  for (let at = 0; at <= n; count += 1) at += Math.floor(Math.log(1 - random()) / Math.log(1 - p)) + 1;
  return count;
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function seeds(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
