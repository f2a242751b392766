export interface Trend {
  /** Average of the last 24 hours. */
  readonly perHour: number;
  readonly previousDay: number;
  readonly lastDay: number;
  readonly isSpike: boolean;
  /** The figures that decided, for people. */
  readonly because: string;
}

/** Hours that the last one is compared with, at most: a week, so that every time of the day and every weekday is among them. */
const baselineHours = 168;
const leastHours = 24;
/** Fewer in an hour alarm nobody. */
const leastCount = 5;
/** How seldom an hour like the last one is, by chance. An hourly test for a month is 720 tests. */
const rare = 1e-4;

/**
 * What hourly counts say, oldest first, without gaps; the last one is the hour in question and may be unfinished. The last hour is a
 * spike when it is rare even against an hour as busy as the busiest twentieth of the week before: so a daily peak is none, and a spike
 * of days ago does not hide a new one. Counts that come in bursts are compared as bursts (quasi-Poisson).
 */
export function trendOf(counts: readonly number[]): Trend {
  const lastDay = sum(counts.slice(-24));
  const figures = { perHour: lastDay / 24, previousDay: sum(counts.slice(-48, -24)), lastDay };
  const last = counts.at(-1) ?? 0;
  const baseline = counts.slice(-1 - baselineHours, -1).sort((a, b) => a - b);
  if (baseline.length < leastHours)
    return { ...figures, isSpike: false, because: `known for less than ${leastHours} hours` };
  const usual = quantile(baseline, 0.5);
  const { busy, burst } = reference(baseline);
  const chance = poissonTail(busy / burst, Math.floor(last / burst));
  const isSpike = last >= leastCount && chance < rare;
  return {
    ...figures,
    isSpike,
    because: `${last} in the last hour, usually ${usual}, up to ${Math.ceil(busy)}`,
  };
}

/** What a busy hour has, and how many come at once. Hours of an older spike, the highest fiftieth, count as the highest of the rest. */
function reference(sorted: readonly number[]): { busy: number; burst: number } {
  const highest = quantile(sorted, 0.98);
  const capped = sorted.map((count) => Math.min(count, highest));
  const mean = sum(capped) / capped.length;
  const variance = sum(capped.map((count) => (count - mean) ** 2)) / capped.length;
  // Few events say little about their rate: what three more would have said.
  const upper = mean + (3 + 2 * Math.sqrt(sum(capped))) / capped.length;
  return {
    busy: Math.max(upper, quantile(sorted, 0.95)),
    burst: mean === 0 ? 1 : Math.max(1, variance / mean),
  };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** P(X >= count) of a Poisson distribution, by its sum; by Chernoff's bound, which is never too low, where the sum would underflow. */
function poissonTail(mean: number, count: number): number {
  if (count <= mean) return 1;
  if (mean > 700) return Math.exp(count - mean - count * Math.log(count / mean));
  let term = Math.exp(-mean);
  let below = 0;
  for (let k = 0; k < count; k += 1) {
    below += term;
    term *= mean / (k + 1);
  }
  return Math.max(0, 1 - below);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
