const longestMs = 24 * 3600 * 1000;

/** Milliseconds from a `Retry-After` in seconds or as a date, at most a day; null when there is none that can be read. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const seconds = /^[0-9]{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(seconds) ? Math.min(longestMs, Math.max(0, seconds)) : null;
}
