import type { CanaryPlan } from '../../contracts/canary-plan.ts';
import type { MetricResult } from '../../contracts/canary-rollout.ts';
import type { ArmTotal } from './arm.ts';
import { measures, type Measure } from '../measure/measure.ts';

type Threshold = CanaryPlan['thresholds'][number];
type Told = Pick<MetricResult, 'result' | 'limit' | 'explanation'>;

interface Arms {
  readonly canary: ArmTotal;
  readonly stable: ArmTotal | null;
}

/**
 * Holds one metric of the canary against its absolute limit and its limits relative to the stable arm. `stable-breach` means that the
 * stable arm breaks the same absolute limit, so that the canary may not be to blame.
 */
export function judgeMetric(threshold: Threshold, arms: Arms, minRequests: number): MetricResult {
  const measure = measures[threshold.metric];
  const told =
    tooFew(measure, arms, minRequests) ??
    aboveLimit(threshold, measure, arms) ??
    worseThanStable(threshold, measure, arms, minRequests) ??
    bothAboveLimit(threshold, measure, arms) ??
    notComparable(threshold, measure, arms, minRequests) ??
    fine(threshold, measure, arms);
  return {
    metric: threshold.metric,
    canary: measure.read(arms.canary),
    stable: arms.stable === null ? null : measure.read(arms.stable),
    ...told,
  };
}

function tooFew(measure: Measure, { canary }: Arms, minRequests: number): Told | null {
  const counted = Math.min(canary.requests, measure.counted(canary));
  if (counted >= minRequests) return null;
  const explanation = `the ${measure.name} rests on ${counted} answers, ${minRequests - counted} more are needed`;
  return { result: 'no-data', limit: null, explanation };
}

function aboveLimit({ max }: Threshold, measure: Measure, { canary, stable }: Arms): Told | null {
  if (max === null || !measure.isAbove(canary, max)) return null;
  if (stable !== null && measure.isAbove(stable, max)) return null;
  const explanation = `${reading(measure, canary)}, above the limit of ${measure.spell(max)}`;
  return { result: 'breach', limit: max, explanation };
}

function worseThanStable(
  { maxRatio, maxIncrease }: Threshold,
  measure: Measure,
  { canary, stable }: Arms,
  minRequests: number,
): Told | null {
  const reference = stable === null ? null : measure.read(stable);
  if (stable === null || reference === null || measure.counted(stable) < minRequests) return null;
  const told = (allowed: string, limit: number): Told => ({
    result: 'breach',
    limit,
    explanation: `${reading(measure, canary)}, more than ${allowed} the ${measure.spell(reference)} of the stable version`,
  });
  if (maxRatio !== null && measure.isAboveTimes(canary, stable, maxRatio)) {
    return told(`${maxRatio} times`, reference * maxRatio);
  }
  if (maxIncrease !== null && measure.isAboveBy(canary, stable, maxIncrease)) {
    return told(`${measure.spell(maxIncrease)} over`, reference + maxIncrease);
  }
  return null;
}

function bothAboveLimit({ max }: Threshold, measure: Measure, { canary, stable }: Arms): Told | null {
  if (max === null || stable === null || !measure.isAbove(canary, max)) return null;
  const both = `${reading(measure, canary)} and ${spelled(measure, stable)} on the stable version`;
  return { result: 'stable-breach', limit: max, explanation: `${both}, both above ${measure.spell(max)}` };
}

function notComparable(
  threshold: Threshold,
  measure: Measure,
  { stable }: Arms,
  minRequests: number,
): Told | null {
  if (!isRelative(threshold) || stable === null || measure.counted(stable) >= minRequests) return null;
  const explanation =
    `the ${measure.name} cannot be compared: on the stable version it rests on ${measure.counted(stable)} answers, ` +
    `${minRequests - measure.counted(stable)} more are needed`;
  return { result: 'inconclusive', limit: threshold.max, explanation };
}

function fine(threshold: Threshold, measure: Measure, { canary, stable }: Arms): Told {
  const { max } = threshold;
  const value = measure.read(canary) ?? 0;
  const limit =
    max === null ? '' : `, ${value > max ? 'not surely above' : 'within'} the limit of ${measure.spell(max)}`;
  const compared = isRelative(threshold) && stable === null ? '; nothing was compared' : '';
  return { result: 'ok', limit: max, explanation: `${reading(measure, canary)}${limit}${compared}` };
}

function isRelative(threshold: Threshold): boolean {
  return threshold.maxRatio !== null || threshold.maxIncrease !== null;
}

function reading(measure: Measure, arm: ArmTotal): string {
  return `the ${measure.name} is ${spelled(measure, arm)}`;
}

function spelled(measure: Measure, arm: ArmTotal): string {
  return `${measure.spell(measure.read(arm) ?? 0)} (${measure.basis(arm)})`;
}
