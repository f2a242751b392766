import type { CanaryPlan, Metric } from '../../contracts/canary-plan.ts';
import type { MetricResult } from '../../contracts/canary-rollout.ts';
import { quantileMs } from '../latency.ts';
import type { ArmTotal } from './arm.ts';
import { surelyAbove } from './evidence.ts';

type Threshold = CanaryPlan['thresholds'][number];

/** A value of an arm, or null without data. Percent for `errorRate`, milliseconds for latencies. */
const measures: Record<Metric, (arm: ArmTotal) => number | null> = {
  errorRate: (arm) => (arm.requests === 0 ? null : (100 * arm.errors) / arm.requests),
  p95: (arm) => quantileMs(arm.latency, 0.95),
  p99: (arm) => quantileMs(arm.latency, 0.99),
};

const labels: Record<Metric, { name: string; unit: string }> = {
  errorRate: { name: 'error rate', unit: ' %' },
  p95: { name: 'p95 latency', unit: ' ms' },
  p99: { name: 'p99 latency', unit: ' ms' },
};

/** Holds one metric of the canary against its absolute limit and its limits relative to the stable arm. */
export function judgeMetric(
  threshold: Threshold,
  canary: ArmTotal,
  stable: ArmTotal | null,
  minRequests: number,
): MetricResult {
  const measure = measures[threshold.metric];
  const value = measure(canary);
  const reference = stable === null ? null : measure(stable);
  const base = { metric: threshold.metric, canary: value, stable: reference, limit: threshold.max };
  const tell = (
    result: MetricResult['result'],
    explanation: string,
    limit = threshold.max,
  ): MetricResult => ({
    ...base,
    limit,
    result,
    explanation: `${labels[threshold.metric].name} ${explanation}`,
  });
  const show = (amount: number | null): string => spell(threshold.metric, amount);

  if (value === null) return tell('no-data', 'has no data');
  if (threshold.max !== null && exceeds(threshold.metric, canary, threshold.max)) {
    if (reference !== null && stable !== null && exceeds(threshold.metric, stable, threshold.max)) {
      return tell(
        'stable-breach',
        `is ${show(value)}, and ${show(reference)} on the stable version: both above ${show(threshold.max)}`,
      );
    }
    return tell('breach', `is ${show(value)}, above the limit of ${show(threshold.max)}`);
  }
  const relative = relativeLimit(threshold, reference);
  if (relative !== null && stable !== null) {
    if (stable.requests < minRequests) {
      return tell(
        'inconclusive',
        `cannot be compared: the stable version answered only ${stable.requests} requests`,
      );
    }
    if (exceeds(threshold.metric, canary, relative)) {
      return tell(
        'breach',
        `is ${show(value)}, above ${show(relative)} as the stable version allows`,
        relative,
      );
    }
  } else if (isRelative(threshold) && stable !== null) {
    return tell('inconclusive', 'cannot be compared: the stable version has no data');
  }
  return tell('ok', `is ${show(value)}`);
}

/** Whether an arm is above a limit: a rate must be so beyond the doubt of few requests, a quantile as it was measured. */
function exceeds(metric: Metric, arm: ArmTotal, limit: number): boolean {
  if (metric === 'errorRate') return surelyAbove(arm.errors, arm.requests, limit / 100);
  const value = measures[metric](arm);
  return value !== null && value > limit;
}

function isRelative(threshold: Threshold): boolean {
  return threshold.maxRatio !== null || threshold.maxIncrease !== null;
}

/** The tighter of the limits relative to the stable arm; null when there is none or nothing to compare with. */
function relativeLimit(threshold: Threshold, reference: number | null): number | null {
  if (reference === null || !isRelative(threshold)) return null;
  const byRatio = threshold.maxRatio === null ? Infinity : reference * threshold.maxRatio;
  const byIncrease = threshold.maxIncrease === null ? Infinity : reference + threshold.maxIncrease;
  return Math.min(byRatio, byIncrease);
}

function spell(metric: Metric, amount: number | null): string {
  return amount === null
    ? 'nothing'
    : `${amount.toFixed(metric === 'errorRate' ? 2 : 0)}${labels[metric].unit}`;
}
