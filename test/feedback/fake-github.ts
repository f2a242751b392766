import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeIssue {
  readonly id: number;
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: 'open' | 'closed';
  readonly created_at: string;
  readonly updated_at: string;
  readonly labels: readonly { name: string }[];
}

export interface FakeGithub {
  readonly url: string;
  readonly issues: FakeIssue[];
  /** Answers 200, the ones that count against the quota. */
  paid(): number;
  /** Answers 304. */
  free(): number;
  /** What the next calls are answered in place of issues, first come first served. */
  readonly next: { status: number; headers?: Record<string, string>; body?: object }[];
  /** Called before each page is put together, with its number of calls. */
  onCall: (calls: number) => void;
  close(): Promise<void>;
}

/**
 * `GET /repos/{owner}/{repo}/issues` by GitHub's REST description of 2022-11-28: `since` includes its own second, `sort=updated`,
 * `direction=asc`, pages with a Link header, ETag and 304, and the headers of the rate limit.
 */
export async function fakeGithub(): Promise<FakeGithub> {
  const issues: FakeIssue[] = [];
  const next: FakeGithub['next'] = [];
  const count = { paid: 0, free: 0, calls: 0 };
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeGithub = {
    ...{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, issues, next },
    paid: () => count.paid,
    free: () => count.free,
    onCall: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return fake;

  function answer(request: IncomingMessage, response: ServerResponse): void {
    count.calls += 1;
    fake.onCall(count.calls);
    const instead = next.shift();
    if (instead !== undefined) {
      response.writeHead(instead.status, { 'content-type': 'application/json', ...instead.headers });
      response.end(JSON.stringify(instead.body ?? { message: 'no' }));
      return;
    }
    const url = new URL(request.url ?? '/', fake.url);
    const { body, headers } = page(url);
    if (request.headers['if-none-match'] === headers['etag']) {
      count.free += 1;
      response.writeHead(304, headers).end();
      return;
    }
    count.paid += 1;
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body);
  }

  function page(url: URL): { body: string; headers: Record<string, string> } {
    const query = url.searchParams;
    const since = Date.parse(query.get('since') ?? '1970-01-01T00:00:00Z');
    const [size, number] = [Number(query.get('per_page') ?? 30), Number(query.get('page') ?? 1)];
    const found = issues
      .filter((issue) => Date.parse(issue.updated_at) >= since)
      .sort((one, other) => Date.parse(one.updated_at) - Date.parse(other.updated_at));
    const body = JSON.stringify(found.slice((number - 1) * size, number * size));
    const further = new URL(url);
    further.searchParams.set('page', String(number + 1));
    const link: Record<string, string> =
      found.length > number * size ? { link: `<${further.href}>; rel="next"` } : {};
    const etag = `W/"${createHash('sha256').update(body).digest('hex')}"`;
    return { body, headers: { etag, 'x-ratelimit-remaining': '4999', ...link } };
  }
}

/** The n-th issue; several share a second, as those of a migration do. */
export function fakeIssue(n: number, overrides: Partial<FakeIssue> = {}): FakeIssue {
  const at = new Date(Date.UTC(2026, 0, 1) + Math.floor(n / 7) * 1000).toISOString().replace('.000', '');
  return {
    ...{ id: 1_000_000 + n, number: n, title: `issue ${n}`, body: `it is number ${n}`, state: 'open' },
    ...{ created_at: at, updated_at: at, labels: [] },
    ...overrides,
  };
}
