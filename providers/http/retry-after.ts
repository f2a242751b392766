const usualMs = 5000;
const longestMs = 24 * 3600 * 1000;

/** When to come again, in milliseconds, at most a day: from the header, or from the `RetryInfo` that Google puts into the body. */
export function retryAfterMs(header: string | null, body: unknown, now: number): number {
  const ms = fromHeader(header, now) ?? fromBody(body) ?? usualMs;
  return Math.min(longestMs, Math.max(0, ms));
}

function fromHeader(header: string | null, now: number): number | null {
  if (header === null) return null;
  const ms = /^[0-9]{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? ms : null;
}

function fromBody(body: unknown): number | null {
  const { error } = (body ?? {}) as { error?: { details?: unknown } | string };
  const details = typeof error === 'object' ? error.details : undefined;
  for (const detail of Array.isArray(details) ? (details as unknown[]) : []) {
    const delay = (detail as { retryDelay?: unknown } | null)?.retryDelay;
    const seconds = typeof delay === 'string' ? /^([0-9]{1,9}(?:\.[0-9]+)?)s$/.exec(delay)?.[1] : undefined;
    if (seconds !== undefined) return Number(seconds) * 1000;
  }
  return null;
}
