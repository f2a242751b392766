import { MockActivityEnvironment } from '@temporalio/testing';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { sql } from 'kysely';
import { ulid } from 'ulid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createFeedbackActivities } from '../../../activities/feedback/index.ts';
import type { ReadEnd, ReadInput } from '../../../activities/feedback/poll.ts';
import type { FeedbackSettings, FeedbackSourceKind } from '../../../contracts/feedback-source.ts';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { putSource } from '../../../db/feedback/source.ts';
import { createFeedbackPollers } from '../../../providers/feedback-source/index.ts';
import { testDatabase, type TestDatabase } from '../../support/postgres.ts';
import { fakeGithub, fakeIssue, type FakeGithub } from '../fake-github.ts';

let database: TestDatabase;
let db: Db;
let github: FakeGithub;
beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url);
});
afterAll(async () => {
  await db.destroy();
  await database.close();
});
beforeEach(async () => {
  github = await fakeGithub();
  await sql`delete from feedback_item`.execute(db);
  await sql`delete from feedback_delivery`.execute(db);
  await sql`delete from feedback_source`.execute(db);
});
afterEach(() => github.close());

async function source(
  more: {
    settings?: FeedbackSettings;
    dailyQuota?: number;
    enabled?: boolean;
    kind?: FeedbackSourceKind;
  } = {},
): Promise<void> {
  const spec = {
    ...{ kind: 'github' as const, enabled: true, secret: null, filter: {}, dailyQuota: null },
    settings: { repositories: ['acme/shop'] },
    ...more,
  };
  await putSource(db, { project: 'default', name: 'gh', spec, principal: 'ann', allow: () => undefined });
}

const info = { workflowExecution: { workflowId: 'feedback/default/gh', runId: 'run' } };

function activities() {
  const urls = { github: github.url, gitlab: github.url, reddit: github.url, redditApi: github.url };
  return createFeedbackActivities({
    ...{ db, pollers: createFeedbackPollers(urls), redditSubreddits: ['rust'], newId: () => ulid() },
    secrets: { read: () => Promise.resolve('token') },
  });
}

async function poll(): Promise<ReadEnd> {
  const input = { source: 'gh', part: 'acme/shop' };
  const { readPart } = activities();
  return new MockActivityEnvironment(info).run<[ReadInput], ReadEnd, typeof readPart>(readPart, input);
}

async function pollToEnd(): Promise<number> {
  for (let changed = 0; ;) {
    const step = await poll();
    changed += step.changed;
    if (step.outcome !== 'more') return changed;
  }
}

const items = () =>
  db
    .selectFrom('feedback_item')
    .select(['external_id', 'title', 'status', 'occurrences', 'clustering', 'revision'])
    .where('source', '=', 'gh')
    .execute();
const item = async (n: number) => (await items()).find(({ external_id: id }) => id === String(1_000_000 + n));
const problem = async () =>
  (await db.selectFrom('feedback_source').select('last_error').executeTakeFirstOrThrow()).last_error;

describe('an incremental sync', () => {
  test('reads what is new, and when nothing is, the answer costs no quota', async () => {
    await source();
    github.issues.push(fakeIssue(1), fakeIssue(2));

    expect(await pollToEnd()).toBe(2);
    await pollToEnd();
    const paid = github.paid();
    for (let round = 0; round < 5; round += 1) expect(await pollToEnd()).toBe(0);

    expect(github.paid()).toBe(paid);
    expect(github.free()).toBeGreaterThanOrEqual(5);
    expect((await items()).map(({ occurrences }) => occurrences)).toEqual([1, 1]);
  });

  test('an edited and a re-opened issue enter the clustering again, a pull request never', async () => {
    await source();
    github.issues.push(fakeIssue(1), fakeIssue(2, { state: 'closed' }));
    github.issues.push(Object.assign(fakeIssue(3), { pull_request: { url: 'x' } }));
    await pollToEnd();
    await sql`update feedback_item set clustering = 'clustered'`.execute(db);
    github.issues[0] = fakeIssue(1, { body: 'more words', updated_at: '2026-02-01T00:00:00Z' });
    github.issues[1] = fakeIssue(2, { state: 'open', updated_at: '2026-02-01T00:00:01Z' });

    expect(await pollToEnd()).toBe(2);

    expect(await item(1)).toMatchObject({ clustering: 'pending', revision: 2, occurrences: 1 });
    expect(await item(2)).toMatchObject({ clustering: 'pending', status: 'open' });
    expect(await item(3)).toBeUndefined();
  });

  test('a change that becomes visible late, with a time before the newest, is not missed', async () => {
    await source();
    github.issues.push(fakeIssue(1, { updated_at: '2026-03-01T12:00:30Z' }));
    await pollToEnd();
    github.issues.push(fakeIssue(2, { updated_at: '2026-03-01T11:59:45Z' }));

    expect(await pollToEnd()).toBe(1);
  });

  test('an issue that is changed between two pages pushes none through a gap', async () => {
    await source();
    for (let n = 0; n < 350; n += 1) github.issues.push(fakeIssue(n));
    github.onCall = (calls) => {
      const moved = fakeIssue(calls, { title: `moved ${calls}`, updated_at: `2026-04-01T00:00:0${calls}Z` });
      if (calls < 5) github.issues[calls] = moved;
    };

    await pollToEnd();
    await pollToEnd();

    expect(await items()).toHaveLength(350);
    expect((await item(3))?.title).toBe('moved 3');
  });

  test('more issues of one second than a page holds are all read', async () => {
    await source();
    const updated = '2026-05-01T00:00:00Z';
    for (let n = 0; n < 250; n += 1) github.issues.push(fakeIssue(n, { updated_at: updated }));
    github.issues.push(fakeIssue(999, { updated_at: '2026-05-01T00:00:09Z' }));

    expect(await pollToEnd()).toBe(251);
  });
});

describe('what a source says', () => {
  const soon = () => String(Math.ceil(Date.now() / 1000) + 90);
  test.each([
    ['Retry-After', () => ({ status: 429, headers: { 'retry-after': '7' } }), 6_000, 7_000],
    ['a second limit', () => ({ status: 403, headers: { 'retry-after': '30' } }), 29_000, 30_000],
    [
      'a quota that is used up',
      () => ({ status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': soon() } }),
      85_000,
      92_000,
    ],
  ])('%s is waited for, and nothing is lost', async (_name, answer, least, most) => {
    await source();
    github.issues.push(fakeIssue(1));
    github.next.push(answer());

    const waiting = await poll();

    expect(waiting.outcome).toBe('wait');
    expect(waiting.waitMs).toBeGreaterThanOrEqual(least);
    expect(waiting.waitMs).toBeLessThanOrEqual(most);
    expect(await problem()).toContain('left alone');
    expect(await pollToEnd()).toBe(1);
    expect(await problem()).toBeNull();
  });

  test('a refusal is shown at the source with its reason', async () => {
    await source();
    github.next.push({ status: 404, body: { message: 'Not Found' } });

    expect(await poll()).toMatchObject({ outcome: 'refused', note: 'HTTP 404: Not Found' });
    expect(await problem()).toBe('acme/shop: HTTP 404: Not Found');
  });

  test('a repository that was renamed is read under its new name; a token goes to no other server', async () => {
    await source();
    github.issues.push(fakeIssue(1));
    github.next.push({ status: 301, headers: { location: '/repos/acme/renamed/issues?state=all' } });

    expect(await pollToEnd()).toBe(1);
    github.next.push({ status: 302, headers: { location: 'http://localhost:1/elsewhere' } });
    expect(await poll()).toMatchObject({ outcome: 'refused', note: expect.stringContaining('302') });
  });

  test('a failure is tried again by Temporal, and shown meanwhile', async () => {
    await source();
    github.next.push({ status: 502 });

    await expect(poll()).rejects.toMatchObject({ code: 'unavailable' });
    expect(await problem()).toContain('502');
  });

  test('over its quota the rest stays at the source until there is room', async () => {
    await source({ dailyQuota: 150 });
    for (let n = 0; n < 400; n += 1) github.issues.push(fakeIssue(n));

    const first = await poll();
    await source({ dailyQuota: 10_000 });
    await pollToEnd();

    expect(first).toMatchObject({ outcome: 'wait', note: 'over its daily quota' });
    // A page is kept whole, and the next one begins with the second that this one ended in.
    expect(first.changed).toBeGreaterThan(190);
    expect(first.changed).toBeLessThan(201);
    expect(await items()).toHaveLength(400);
  });

  test('a source that is switched off is not read', async () => {
    await source({ enabled: false });
    github.issues.push(fakeIssue(1));

    expect(await poll()).toMatchObject({ outcome: 'end', changed: 0 });
    expect(github.paid()).toBe(0);
  });
});

test(
  'ten thousand issues, the reader killed again and again: each is there once',
  { timeout: 240_000 },
  async () => {
    await source();
    for (let n = 0; n < 10_000; n += 1) github.issues.push(fakeIssue(n));
    let kills = 0;
    const killAt = new Set([12, 37, 71]);

    for (let finished = false; !finished;) {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, '../backfill-child.ts'), database.url, github.url],
        {
          stdio: ['ignore', 'ignore', 'inherit'],
        },
      );
      github.onCall = (calls) => {
        if (!killAt.delete(calls)) return;
        kills += 1;
        child.kill('SIGKILL');
      };
      finished = await new Promise<boolean>((resolve) => child.once('exit', (code) => resolve(code === 0)));
    }

    const found = await items();
    expect(kills).toBe(3);
    expect(found).toHaveLength(10_000);
    expect(found.filter(({ occurrences }) => occurrences !== 1)).toEqual([]);
    const { rows } = await sql<{
      told: number;
    }>`select sum(counted)::int as told from feedback_delivery`.execute(db);
    expect(rows[0]?.told).toBe(10_000);
  },
);
