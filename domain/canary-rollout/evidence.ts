/** The chance of calling a rate too high that lies exactly at the limit, for one check. */
const doubt = 0.05;

/**
 * Whether a rate lies above `limit` (0 to 1) beyond the doubt of few requests: the exact one-sided binomial test, so P(X >= errors)
 * for `requests` at the limit is below 5 %; the same as the lower Clopper-Pearson bound (Biometrika 26, 1934) lying above it. One error
 * in 20 requests is thus no rate of 5 %: against a limit of 1 % it takes 2 in 20, 4 in 100, 16 in 1,000.
 */
export function surelyAbove(errors: number, requests: number, limit: number): boolean {
  if (errors <= 0 || errors / requests <= limit) return false;
  if (limit <= 0) return true;
  if (limit >= 1) return false;
  return chanceOfAtLeast(errors, requests, limit) < doubt;
}

/** P(X >= k) of a binomial; each term from the one before it, in logarithms, so that large counts do not underflow. */
function chanceOfAtLeast(k: number, n: number, p: number): number {
  let term = n * Math.log1p(-p);
  let below = Math.exp(term);
  for (let i = 0; i < Math.min(k, n + 1) - 1; i += 1) {
    term += Math.log((n - i) / (i + 1)) + Math.log(p) - Math.log1p(-p);
    below += Math.exp(term);
  }
  return 1 - below;
}
