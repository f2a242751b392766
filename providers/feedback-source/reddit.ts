import { fetchJson, type JsonAnswer } from './bounded-fetch.ts';
import type { FeedbackPoller, PollAnswer, PollAsk } from './poller.ts';
import { refusalOf, restOf } from './refusal.ts';

interface Post {
  readonly name: string;
  readonly created: number;
  readonly data: unknown;
}

interface Place {
  /** Full name of the newest post that was kept, such as t3_abc. */
  readonly before: string;
  /** When that was made, seconds since 1970. */
  readonly created: number;
}

/** A listing ends at about a thousand posts. */
const mostPages = 10;
const userAgent = 'holdfast (feedback poller)';

/** New posts of subreddits. `token` is `CLIENT_ID:SECRET` of an application; without one the public listing is read, at a tenth of the rate. */
export function createRedditPoller(urls: { readonly web: string; readonly api: string }): FeedbackPoller {
  return {
    async next({ part, place, token, signal }: PollAsk): Promise<PollAnswer> {
      const known = (place ?? null) as Place | null;
      const bearer = token === null ? null : await accessToken(urls.web, token, signal);
      const list = (query: Record<string, string>): Promise<JsonAnswer> => {
        const base = (bearer === null ? urls.web : urls.api).replace(/\/$/, '');
        const search = new URLSearchParams({ limit: '100', raw_json: '1', ...query }).toString();
        const headers = {
          'user-agent': userAgent,
          ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        };
        return fetchJson(`${base}/r/${encodeURIComponent(part)}/new.json?${search}`, { headers, signal });
      };
      if (known === null) return fromTop(list, null);
      const answer = await list({ before: known.before });
      const posts = postsOf(answer);
      if (posts.length > 0 || answer.status !== 200) return pageOf(answer, posts, known);
      // Nothing newer, or the post that was asked about is gone: then a listing before it is empty for ever.
      return fromTop(list, known);
    },
  };
}

/** Goes down from the newest post to what is known already. */
async function fromTop(
  list: (query: Record<string, string>) => Promise<JsonAnswer>,
  known: Place | null,
): Promise<PollAnswer> {
  const found: Post[] = [];
  let after: string | null = null;
  for (let page = 0; page < mostPages; page += 1) {
    const answer = await list(after === null ? {} : { after });
    const refusal = refusalOf(answer, Date.now());
    if (refusal !== null) return refusal;
    const posts = postsOf(answer);
    const fresh = posts.filter(({ name, created }) => isNew(known, name, created));
    found.push(...fresh);
    after = afterOf(answer);
    if (fresh.length < posts.length || after === null) break;
  }
  if (found.length === 0) return { kind: 'unchanged' };
  return page(found, known, true, 0);
}

/** Posts of the same second as the known one are taken again: a known one changes nothing. */
function isNew(known: Place | null, name: string, created: number): boolean {
  return known === null || (created >= known.created && name !== known.before);
}

function pageOf(answer: JsonAnswer, posts: readonly Post[], known: Place): PollAnswer {
  const refusal = refusalOf(answer, Date.now());
  return refusal ?? page(posts, known, posts.length < 100, restOf(answer.headers, Date.now()));
}

function page(posts: readonly Post[], known: Place | null, isEnd: boolean, restMs: number): PollAnswer {
  const oldestFirst = [...posts].reverse();
  const [newest] = posts;
  const place = newest === undefined ? known : { before: newest.name, created: newest.created };
  return {
    kind: 'page',
    entries: oldestFirst.map(({ data }) => data),
    place: { ...place },
    ...{ isEnd, restMs },
  };
}

/** Newest first, as Reddit has them; pinned posts stand out of order and are told as they are. */
function postsOf({ body }: JsonAnswer): Post[] {
  const { data } = (body ?? {}) as { data?: { children?: unknown } };
  const children = Array.isArray(data?.children) ? (data.children as unknown[]) : [];
  return children.flatMap((child) => {
    const { data: post } = (child ?? {}) as { data?: { name?: unknown; created_utc?: unknown } };
    if (typeof post?.name !== 'string' || typeof post.created_utc !== 'number') return [];
    return [{ name: post.name, created: post.created_utc, data: post }];
  });
}

function afterOf({ body }: JsonAnswer): string | null {
  const { data } = (body ?? {}) as { data?: { after?: unknown } };
  return typeof data?.after === 'string' ? data.after : null;
}

async function accessToken(web: string, token: string, signal: AbortSignal): Promise<string | null> {
  const answer = await fetchJson(`${web.replace(/\/$/, '')}/api/v1/access_token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(token).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': userAgent,
    },
    body: 'grant_type=client_credentials',
    signal,
  });
  const { access_token: access } = (answer.body ?? {}) as { access_token?: unknown };
  return typeof access === 'string' ? access : null;
}
