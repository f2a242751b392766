import type { CanaryPlanInput, Metric } from '../contracts/canary-plan.ts';
import { members, text, wrong, type Place } from './reader.ts';

type Limit = NonNullable<NonNullable<CanaryPlanInput['thresholds']>[Metric]>;

/** What people call a metric, and what we call it. */
export const metricNames: Readonly<Record<string, Metric>> = {
  'error-rate': 'errorRate',
  errorRate: 'errorRate',
  p95: 'p95',
  p99: 'p99',
};

/** One metric of an analysis: `{name: error-rate, threshold: '< 1%'}`, with `maxRatio` and `maxIncrease` against stable. */
export function readThreshold(place: Place): { metric: Metric; limit: Limit } {
  const part = members(place, ['name', 'threshold', 'max', 'maxRatio', 'maxIncrease'] as const);
  if (part.name === undefined) return wrong(place, 'needs a name: error-rate, p95 or p99');
  const metric = metricNames[text(part.name)];
  if (metric === undefined) return wrong(part.name, `must be error-rate, p95 or p99, not ${text(part.name)}`);
  const limit: Limit = {};
  if (part.threshold !== undefined) limit.max = maximum(part.threshold, metric);
  for (const word of ['max', 'maxRatio', 'maxIncrease'] as const) {
    const at = part[word];
    if (at === undefined) continue;
    if (typeof at.value !== 'number' || at.value < 0) wrong(at, 'must be a number that is not negative');
    limit[word] = at.value;
  }
  if (Object.keys(limit).length === 0) wrong(place, 'needs a threshold, such as < 1% or < 200ms');
  return { metric, limit };
}

/** `< 1%` in percent, `< 200ms` or `< 0.5s` in milliseconds; the sign may be left out. */
function maximum(place: Place, metric: Metric): number {
  const given = String(place.value);
  const [, amount = '', unit = ''] = /^\s*<?=?\s*([0-9]+(?:\.[0-9]+)?)\s*(%|ms|s)?\s*$/.exec(given) ?? [];
  const isRate = metric === 'errorRate';
  if (amount === '' || (unit !== '' && (unit === '%') !== isRate)) {
    return wrong(
      place,
      `must be ${isRate ? 'a percentage such as < 1%' : 'a time such as < 200ms'}, not ${JSON.stringify(place.value)}`,
    );
  }
  return Number(amount) * (unit === 's' ? 1000 : 1);
}
