/** How sure a check has to be before it calls an arm bad: the chance of doing so when the truth lies exactly at the limit. */
const doubt = 0.05;
/** The same for a normal score. */
const doubtScore = 1.6449;

/** Answers that were bad, of all that were counted. */
export interface Tally {
  readonly bad: number;
  readonly of: number;
}

/**
 * Whether a share lies above `limit` (0 to 1) beyond the doubt of few requests: the exact one-sided binomial test, P(X >= bad) at the
 * limit is below 5 %; the same as the lower bound of Clopper and Pearson (Biometrika 26, 1934, 404-413) lying above it. One error in 20
 * requests is thus no rate of 5 %: against a limit of 1 % it takes 2 in 20, 4 in 100, 16 in 1,000.
 */
export function isSurelyAbove({ bad, of }: Tally, limit: number): boolean {
  if (bad <= 0 || bad <= of * limit) return false;
  if (limit <= 0) return true;
  return chanceOfAtLeast(bad, of, limit) < doubt;
}

/**
 * Whether a share is more than `ratio` times the other: the exact conditional test for two Poisson rates (Przyborowski and Wilenski,
 * Biometrika 31, 1940, 313-323). Of all bad answers together, the first arm's are binomial with the odds `ratio * of : of`. It needs
 * no estimate of the rate itself, so nothing changes when both arms suffer, and 1 error against 0 proves nothing.
 */
export function isSurelyTimes(one: Tally, other: Tally, ratio: number): boolean {
  if (one.bad <= 0 || one.of <= 0 || other.of <= 0) return false;
  const share = (ratio * one.of) / (ratio * one.of + other.of);
  return isSurelyAbove({ bad: one.bad, of: one.bad + other.bad }, share);
}

/**
 * Whether a share exceeds the other by more than `increase` (0 to 1): the lower bound of the difference from two score intervals
 * (Newcombe, Statistics in Medicine 17, 1998, 873-890, method 10) lies above it.
 */
export function isSurelyMoreBy(one: Tally, other: Tally, increase: number): boolean {
  if (one.of <= 0 || other.of <= 0) return false;
  const [p, q] = [one.bad / one.of, other.bad / other.of];
  const spread = Math.hypot(p - scoreBound(one, -1), scoreBound(other, 1) - q);
  return p - q - spread > increase;
}

/** The rank (1 to n) of the sample that the q-quantile surely does not exceed; the last one where too few samples tell it. */
export function upperRank(n: number, q: number): number {
  return Math.min(n, Math.ceil(n * q + doubtScore * Math.sqrt(n * q * (1 - q))) + 1);
}

/** One end of Wilson's score interval (JASA 22, 1927, 209-212). */
function scoreBound({ bad, of }: Tally, side: 1 | -1): number {
  const p = bad / of;
  const z2 = doubtScore * doubtScore;
  const spread = doubtScore * Math.sqrt((p * (1 - p)) / of + z2 / (4 * of * of));
  return (p + z2 / (2 * of) + side * spread) / (1 + z2 / of);
}

/** P(X >= k) of a binomial; each term from the one before it, in logarithms, so that large counts do not underflow. */
function chanceOfAtLeast(k: number, n: number, p: number): number {
  const odds = Math.log(p) - Math.log1p(-p);
  let term = n * Math.log1p(-p);
  let below = Math.exp(term);
  for (let i = 0; i < k - 1; i += 1) {
    term += Math.log((n - i) / (i + 1)) + odds;
    below += Math.exp(term);
  }
  return 1 - below;
}
