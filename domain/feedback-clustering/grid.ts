/**
 * Similarities are compared on a grid: what is equal in exact arithmetic must stay equal, so that ties are decided by the items and not
 * by the last bits, which depend on the order of additions. The grid is far above the rounding of 64-bit sums (about 1e-14) and far
 * below what 32-bit values tell apart (about 1e-8).
 */
const steps = 2 ** 34;

export function onGrid(similarity: number): number {
  return Math.round(similarity * steps);
}
