/** Chance that an honest split is called wrong at one look. */
const alpha = 0.001;

/**
 * Whether `count` of `total` sessions fits a share of `p`: the exact two-sided binomial test at 0.1 %, which is the inversion of
 * the interval of Clopper and Pearson, "The use of confidence or fiducial limits", Biometrika 26 (1934) 404-413. It is exact for
 * small totals and for shares near 0 and 1. Round robin varies less than that, so what it rejects has not converged.
 */
export function isShareConsistent(count: number, total: number, p: number): boolean {
  if (p <= 0) return count === 0;
  if (p >= 1) return count === total;
  return upperTail(count, total, p) > alpha / 2 && upperTail(total - count, total, 1 - p) > alpha / 2;
}

/** P(X >= count) for X ~ Binomial(total, p), summed from its largest term downwards. */
function upperTail(count: number, total: number, p: number): number {
  if (count <= total * p) return 1;
  let term = Math.exp(logChoose(total, count) + count * Math.log(p) + (total - count) * Math.log1p(-p));
  let sum = term;
  for (let k = count; k < total && term > sum * 1e-12; k++) {
    term *= ((total - k) / (k + 1)) * (p / (1 - p));
    sum += term;
  }
  return sum;
}

function logChoose(total: number, count: number): number {
  const smaller = Math.min(count, total - count);
  let sum = 0;
  for (let k = 1; k <= smaller; k++) sum += Math.log((total - smaller + k) / k);
  return sum;
}
