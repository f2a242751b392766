import { fetchJson } from './bounded-fetch.ts';
import type { FeedbackPoller, PollAnswer, PollAsk, PollPlace } from './poller.ts';
import { refusalOf, restOf } from './refusal.ts';

/** What differs between two forges that list issues by the time of their last change. */
export interface IssueListing {
  /** Issues changed at `since` or later, the longest unchanged first, a hundred a page. */
  url(part: string, since: string | null, page: number): string;
  headers(token: string | null): Record<string, string>;
}

interface Place {
  /** The newest change that was seen. */
  readonly seen: string | null;
  /** Within a pass: from where the next page is asked for. null: the next pass begins. */
  readonly at: { readonly since: string | null; readonly page: number } | null;
  readonly etag: { readonly url: string; readonly tag: string } | null;
}

/** A change becomes visible a little after its own time, and clocks differ: so much is read again at the start of each pass. */
const overlapMs = 60_000;

/**
 * Issues by the time of their last change. The next page begins at the last change of this one and not at a page number: an issue that is
 * changed meanwhile moves to the end, and with page numbers another one would slip through the gap it leaves.
 */
export function createIssuePages(listing: IssueListing): FeedbackPoller {
  return {
    async next({ part, place: stored, token, signal }: PollAsk): Promise<PollAnswer> {
      const place = placeOf(stored);
      const { since, page } = place.at ?? { since: earlier(place.seen), page: 1 };
      const url = listing.url(part, since, page);
      const tag = place.at === null && place.etag?.url === url ? place.etag.tag : null;
      const headers = { ...listing.headers(token), ...(tag === null ? {} : { 'if-none-match': tag }) };
      const answer = await fetchJson(url, { headers, signal });
      const refusal = refusalOf(answer, Date.now());
      if (refusal !== null) return refusal;
      const entries: unknown[] = Array.isArray(answer.body) ? answer.body : [];
      const newest = newestOf(entries);
      const hasMore = /rel="?next"?/.test(answer.headers.get('link') ?? '');
      const etag = answer.headers.get('etag');
      const next: Place = {
        seen: latest(place.seen, newest),
        at: hasMore ? furtherFrom({ since, page }, newest) : null,
        etag: hasMore || page > 1 || etag === null ? null : { url, tag: etag },
      };
      const restMs = restOf(answer.headers, Date.now());
      return { kind: 'page', entries, place: { ...next }, isEnd: !hasMore, restMs };
    },
  };
}

/** More issues of one and the same time than a page holds: only then the page number goes on. */
function furtherFrom(
  { since, page }: { since: string | null; page: number },
  newest: string | null,
): Place['at'] {
  if (newest !== null && (since === null || time(newest) > time(since))) return { since: newest, page: 1 };
  return { since, page: page + 1 };
}

function newestOf(entries: readonly unknown[]): string | null {
  return entries.reduce<string | null>((newest, entry) => {
    const { updated_at: updated } = (entry ?? {}) as { updated_at?: unknown };
    return typeof updated === 'string' ? latest(newest, updated) : newest;
  }, null);
}

function latest(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return time(one) >= time(other) ? one : other;
}

function earlier(seen: string | null): string | null {
  return seen === null ? null : new Date(time(seen) - overlapMs).toISOString().replace(/\.000Z$/, 'Z');
}

function time(text: string): number {
  return Date.parse(text) || 0;
}

function placeOf(stored: PollPlace | null): Place {
  const { seen = null, at = null, etag = null } = (stored ?? {}) as Partial<Place>;
  return { seen, at, etag };
}
