import type { CanaryPlan } from '../../contracts/canary-plan.ts';
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
 * The judge: one pure function over counted buckets. Sums each arm over the window and holds every metric against its limits. Fewer
 * requests of the canary than the plan wants are no data, never a pass. One metric that fails outweighs all else; then a limit that the
 * stable arm breaks too; then missing data; then what cannot be compared. Muted metrics are evaluated and shown, and do not count.
 */
export function judge(input: JudgeInput): Check {
  const canary = totalOf(input.buckets, input.canary);
  const stable = input.stable === null ? null : totalOf(input.buckets, input.stable);
  const metrics = input.thresholds.map((threshold) => {
    const result = judgeMetric(threshold, { canary, stable }, input.checks.minRequests);
    return input.muted.includes(threshold.metric) ? muted(result) : result;
  });
  const counts = { canaryRequests: canary.requests, stableRequests: stable?.requests ?? 0, metrics };
  return { ...conclude(input, canary, metrics), ...counts };
}

function conclude(input: JudgeInput, canary: ArmTotal, metrics: readonly MetricResult[]): Conclusion {
  if (canary.up === 0) return { verdict: 'fail', explanation: `no server of ${input.canary} is up` };
  const breach = explanations(metrics, 'breach');
  if (breach !== null) return { verdict: 'fail', explanation: breach };
  const both = explanations(metrics, 'stable-breach');
  if (both !== null) return { verdict: 'stable-breach', explanation: both };
  const missing = input.checks.minRequests - canary.requests;
  if (missing > 0) {
    const explanation = `${input.canary} answered ${canary.requests} requests in the window, ${missing} more are needed to judge it`;
    return { verdict: 'no-data', explanation };
  }
  const noData = explanations(metrics, 'no-data');
  if (noData !== null) return { verdict: 'no-data', explanation: noData };
  const unclear = explanations(metrics, 'inconclusive');
  if (unclear !== null) return { verdict: 'inconclusive', explanation: unclear };
  return { verdict: 'pass', explanation: whyPassed(input, canary, metrics) };
}

type Conclusion = Pick<Check, 'verdict' | 'explanation'>;

function explanations(metrics: readonly MetricResult[], result: MetricResult['result']): string | null {
  const told = metrics.filter((metric) => metric.result === result).map((metric) => metric.explanation);
  return told.length === 0 ? null : told.join('; ');
}

function whyPassed(input: JudgeInput, canary: ArmTotal, metrics: readonly MetricResult[]): string {
  const isJudged = metrics.some((metric) => metric.result !== 'muted');
  const seen = `${canary.requests} requests of ${input.canary}`;
  const passed = isJudged
    ? `${seen} are within all limits`
    : `${seen}; every metric is muted, so none was judged`;
  return input.stable === null ? `${passed}; nothing was compared: there is no stable version` : passed;
}

function muted(result: MetricResult): MetricResult {
  return { ...result, result: 'muted', explanation: `muted: ${result.explanation}` };
}
