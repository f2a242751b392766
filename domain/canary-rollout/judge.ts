import type { CanaryPlan, Metric } from '../../contracts/canary-plan.ts';
import type { MetricResult } from '../../contracts/canary-rollout.ts';
import type { VersionBucket } from '../../contracts/proxy.ts';
import { totalOf, type ArmTotal } from './arm.ts';
import { judgeMetric } from './metric.ts';
import type { Check } from './watch.ts';

export interface JudgeInput {
  /** Number of the rules; a changed rule gets a new number. */
  readonly policy: 1;
  readonly checks: CanaryPlan['checks'];
  readonly thresholds: CanaryPlan['thresholds'];
  readonly canary: string;
  /** null for a first release: limits relative to it are not applied. */
  readonly stable: string | null;
  /** Finished seconds of the window, of every version. */
  readonly buckets: readonly VersionBucket[];
  readonly muted: readonly string[];
}

/**
 * The judge: one pure function over counted buckets. Sums each arm over the window and holds every metric against its limits.
 * A fail of one metric outweighs all else; then a limit that the stable arm breaks too; then missing data; then what cannot be told.
 */
export function judge(input: JudgeInput): Check {
  const canary = totalOf(input.buckets, input.canary);
  const stable = input.stable === null ? null : totalOf(input.buckets, input.stable);
  const metrics = input.thresholds.map((threshold) => {
    const result = judgeMetric(threshold, canary, stable, input.checks.minRequests);
    return isMuted(input, threshold.metric) ? muted(result) : result;
  });
  const counts = { canaryRequests: canary.requests, stableRequests: stable?.requests ?? 0, metrics };
  if (canary.up === 0) {
    return { verdict: 'fail', explanation: `no server of ${input.canary} is up`, ...counts };
  }
  return { ...conclude(input, canary, metrics), ...counts };
}

function conclude(
  input: JudgeInput,
  canary: ArmTotal,
  metrics: readonly MetricResult[],
): Pick<Check, 'verdict' | 'explanation'> {
  const breach = explanations(metrics, 'breach');
  if (breach !== '') return { verdict: 'fail', explanation: breach };
  const both = explanations(metrics, 'stable-breach');
  if (both !== '') return { verdict: 'stable-breach', explanation: both };
  const missing = input.checks.minRequests - canary.requests;
  if (missing > 0) {
    const explanation = `${input.canary} answered ${canary.requests} requests in the window, ${missing} more are needed to judge it`;
    return { verdict: 'no-data', explanation };
  }
  const noData = explanations(metrics, 'no-data');
  if (noData !== '') return { verdict: 'no-data', explanation: noData };
  const unclear = explanations(metrics, 'inconclusive');
  if (unclear !== '') return { verdict: 'inconclusive', explanation: unclear };
  return { verdict: 'pass', explanation: `${canary.requests} requests of ${input.canary} within all limits` };
}

function explanations(metrics: readonly MetricResult[], result: MetricResult['result']): string {
  return metrics
    .filter((metric) => metric.result === result)
    .map((metric) => metric.explanation)
    .join('; ');
}

function isMuted(input: JudgeInput, metric: Metric): boolean {
  return input.muted.includes(metric);
}

function muted(result: MetricResult): MetricResult {
  return { ...result, result: 'muted', explanation: `muted: ${result.explanation}` };
}
