const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** Waits after each failed attempt, in milliseconds: ten attempts in a little over three days, as Standard Webhooks advises. */
export const usualWaitsMs: readonly number[] = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];

const longestWaitMs = 24 * hour;
const spread = 0.2;

/**
 * How long to wait after attempt `attempt` (1 is the first), in milliseconds. Up to a fifth is added by `chance` (0 to 1), so that what
 * failed together does not come back together. What the receiver asked for (Retry-After) is a lower bound, a day the upper one.
 */
export function waitAfter(
  attempt: number,
  waitsMs: readonly number[],
  asked: { readonly retryAfterMs: number | null; readonly chance: number },
): number {
  const planned = waitsMs[attempt - 1] ?? waitsMs.at(-1) ?? 0;
  const wait = Math.max(planned, asked.retryAfterMs ?? 0);
  return Math.min(longestWaitMs, Math.round(wait * (1 + spread * asked.chance)));
}
