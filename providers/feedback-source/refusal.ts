import type { JsonAnswer } from './bounded-fetch.ts';
import type { PollAnswer } from './poller.ts';

const usualWaitMs = 60_000;
const longestMs = 3_600_000;

/** What an answer other than a page means; null for a page. `now` in milliseconds. */
export function refusalOf(answer: JsonAnswer, now: number): PollAnswer | null {
  const { status, headers } = answer;
  if (status === 304) return { kind: 'unchanged' };
  if (status === 200) return null;
  const isLimit =
    status === 429 || (status === 403 && (restOf(headers, now) > 0 || headers.has('retry-after')));
  if (!isLimit) return { kind: 'refused', reason: reasonOf(answer) };
  const ms = retryAfter(headers, now) ?? (restOf(headers, now) || usualWaitMs);
  return { kind: 'wait', ms: Math.min(longestMs, ms), reason: `it wants to be left alone (HTTP ${status})` };
}

/** Milliseconds until the source takes calls again, by the two spellings of its headers; 0: it takes them. */
export function restOf(headers: Headers, now: number): number {
  for (const prefix of ['x-ratelimit', 'ratelimit']) {
    const [left, reset] = [headers.get(`${prefix}-remaining`), headers.get(`${prefix}-reset`)];
    if (left === null || reset === null || Number(left) >= 1) continue;
    // Seconds since 1970, or, where it is small, from now: Reddit.
    const seconds = Number(reset);
    const ms = seconds > 1e6 ? seconds * 1000 - now : seconds * 1000;
    if (ms > 0) return Math.min(longestMs, ms);
  }
  return 0;
}

function retryAfter(headers: Headers, now: number): number | null {
  const header = headers.get('retry-after')?.trim();
  if (header === undefined) return null;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** The vendor's own words, cut; they name no secret of ours. */
function reasonOf({ status, body }: JsonAnswer): string {
  const { message } = (body ?? {}) as { message?: unknown };
  return `HTTP ${status}${typeof message === 'string' ? `: ${message.slice(0, 200)}` : ''}`;
}
