import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createGitlabPoller } from '../../../providers/feedback-source/gitlab.ts';
import { createRedditPoller } from '../../../providers/feedback-source/reddit.ts';
import type { FeedbackPoller, PollPlace } from '../../../providers/feedback-source/poller.ts';

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

interface Asked {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A server that answers each request as told, and keeps what it was asked. */
async function serve(answer: (asked: Asked) => { body: unknown; headers?: Record<string, string> }) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const one = { url: new URL(request.url ?? '/', 'http://fake'), headers: request.headers };
    asked.push(one);
    const { body, headers } = answer(one);
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => (server.closeAllConnections(), server.close()));
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Polls until there is nothing more; the names or ids of what came, and the place it ended at. */
async function readAll(poller: FeedbackPoller, from: PollPlace | null, token: string | null = null) {
  const found: unknown[] = [];
  let place = from;
  for (let round = 0; round < 50; round += 1) {
    const answer = await poller.next({ part: 'group/shop', place, token, signal: AbortSignal.timeout(5000) });
    if (answer.kind !== 'page') return { found, place };
    found.push(...answer.entries);
    ({ place } = answer);
    if (answer.isEnd) return { found, place };
  }
  throw new Error('it never comes to the end');
}

describe('gitlab', () => {
  test('issues come by the time of their change, with the token in its own header', async () => {
    const issues = Array.from({ length: 230 }, (_, n) => ({
      ...{ id: n, updated_at: new Date(Date.UTC(2026, 0, 1) + n * 500).toISOString() },
    }));
    const { url, asked } = await serve(({ url: { searchParams } }) => {
      const since = searchParams.get('updated_after') ?? '';
      const found = issues.filter(({ updated_at: at }) => at >= since);
      const page = Number(searchParams.get('page') ?? 1);
      const more = found.length > page * 100 ? { link: '<x>; rel="next"' } : undefined;
      return { body: found.slice((page - 1) * 100, page * 100), headers: more };
    });

    const { found } = await readAll(createGitlabPoller(`${url}/api/v4`), null, 'glpat');

    expect(new Set(found.map((issue) => (issue as { id: number }).id)).size).toBe(230);
    expect(asked[0]?.url.pathname).toBe('/api/v4/projects/group%2Fshop/issues');
    expect(asked[0]?.url.searchParams.get('order_by')).toBe('updated_at');
    expect(asked.every(({ headers }) => headers['private-token'] === 'glpat')).toBe(true);
  });
});

describe('reddit', () => {
  interface Post {
    readonly name: string;
    readonly created_utc: number;
  }

  /** Listings as Reddit has them: newest first; before and after a post that is gone there is nothing. */
  function listing(posts: Post[]) {
    return serve(({ url: { searchParams } }) => {
      const [before, after] = [searchParams.get('before'), searchParams.get('after')];
      const place = posts.findIndex(({ name }) => name === (before ?? after));
      let found = posts.slice(0, 100);
      if (before !== null) found = place === -1 ? [] : posts.slice(Math.max(0, place - 100), place);
      if (after !== null) found = place === -1 ? [] : posts.slice(place + 1, place + 101);
      const last = found.at(-1);
      const hasMore = before === null && last !== undefined && posts.at(-1) !== last;
      return {
        body: { data: { children: found.map((data) => ({ data })), after: hasMore ? last.name : null } },
      };
    });
  }

  const post = (n: number): Post => ({ name: `t3_${n}`, created_utc: 1_790_000_000 + n });
  const newestFirst = (from: number, to: number): Post[] =>
    Array.from({ length: to - from + 1 }, (_, index) => post(to - index));
  const names = (found: unknown[]) => found.map((each) => (each as Post).name);

  test('the first time all that the listing still has is read, oldest first, then only what is new', async () => {
    const posts = newestFirst(1, 350);
    const { url } = await listing(posts);
    const poller = createRedditPoller({ web: url, api: url });

    const first = await readAll(poller, null);
    const nothing = await readAll(poller, first.place);
    posts.unshift(...newestFirst(351, 580));
    const later = await readAll(poller, first.place);

    expect(names(first.found)).toEqual(names(newestFirst(1, 350).reverse()));
    expect(nothing.found).toEqual([]);
    expect(names(later.found)).toEqual(names(newestFirst(351, 580).reverse()));
  });

  test('a post that was removed is no end of the reading', async () => {
    const posts = newestFirst(1, 20);
    const { url } = await listing(posts);
    const poller = createRedditPoller({ web: url, api: url });
    const { place } = await readAll(poller, null);
    posts.shift();
    posts.unshift(...newestFirst(21, 180));

    expect(names((await readAll(poller, place)).found)).toEqual(names(newestFirst(21, 180).reverse()));
  });

  test('an application is let in by its own token', async () => {
    const { url, asked } = await serve(({ url: { pathname } }) =>
      pathname.endsWith('access_token')
        ? { body: { access_token: 'short-lived' } }
        : { body: { data: { children: [{ data: post(1) }], after: null } } },
    );

    await readAll(createRedditPoller({ web: url, api: url }), null, 'id:secret');

    expect(asked[0]?.headers['authorization']).toBe(`Basic ${btoa('id:secret')}`);
    expect(asked[1]?.headers['authorization']).toBe('Bearer short-lived');
  });
});
