/** The q-quantile of measured values by the nearest-rank method, to three digits. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN) * 1000) / 1000;
}

/** One-sided 95 % upper limit of a rate after `count` events in `trials` (Clopper-Pearson), found by bisection. */
export function upperBound95(count: number, trials: number): number {
  let low = count / trials;
  let high = 1;
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    if (chanceOfAtMost(count, trials, middle) > 0.05) low = middle;
    else high = middle;
  }
  return Math.round(high * 1e4) / 1e4;
}

function chanceOfAtMost(count: number, trials: number, p: number): number {
  let term = (1 - p) ** trials;
  let sum = term;
  for (let i = 0; i < count; i += 1) {
    term *= ((trials - i) / (i + 1)) * (p / (1 - p));
    sum += term;
  }
  return sum;
}
