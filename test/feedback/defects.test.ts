import { sql } from 'kysely';
import { ulid } from 'ulid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findPlace, keepPage } from '../../db/feedback/poll.ts';
import { receive } from '../../db/feedback/receive.ts';
import { createSecrets } from '../../providers/secret/reference.ts';
import { apiUnderTest, type ApiUnderTest } from '../api/support.ts';
import { alert, githubEvent, githubIssue, hmac, sentryEvent } from './payloads.ts';
import { report } from './reports.ts';

/** What a project of the same purpose got wrong in taking feedback in, by the numbers of our list; none of it may be ours. */
let api: ApiUnderTest;
let clustering: (project: string) => void;
beforeAll(async () => {
  api = await apiUnderTest({
    edges: { secrets: createSecrets({ HOOK: 's' }), wakeClustering: (project) => clustering(project) },
    requestsPerMinute: 50,
  });
});
afterAll(() => api.close());
beforeEach(async () => {
  clustering = () => undefined;
  for (const table of ['feedback_item', 'feedback_delivery', 'feedback_source'])
    await sql`delete from ${sql.table(table)}`.execute(api.db);
});

const source = (name: string, kind: string, more: object = {}) =>
  api.call('PUT', `sources/${name}`, { kind, secret: 'env:HOOK', ...more });

/** As a vendor sends it, without a key of ours. */
function deliver(name: string, body: object, headers: Record<string, string>) {
  return api.app.inject({
    ...{ method: 'POST', url: `/v1/projects/default/ingest/${name}` },
    headers: { 'content-type': 'application/json', ...headers },
    payload: JSON.stringify(body),
  });
}
const token = { 'x-holdfast-token': 's' };
const onlyItem = async () => {
  const rows = await api.db.selectFrom('feedback_item').selectAll().execute();
  expect(rows).toHaveLength(1);
  return rows[0];
};

describe('6: clustering ran inside the request, and a second time without its lock', () => {
  test('a delivery is answered before anything is clustered, and wakes once', async () => {
    await source('own', 'manual');
    const calls: string[] = [];
    let answered = false;
    clustering = (project) => void calls.push(`${project} ${answered ? 'after' : 'before'} the answer`);

    const answer = await deliver('own', { title: 'x' }, token);
    answered = true;
    await new Promise((resolve) => setImmediate(resolve));

    expect(answer.statusCode).toBe(202);
    expect(calls).toHaveLength(1);
    expect(await onlyItem()).toMatchObject({ clustering: 'pending', cluster_id: null });
  });

  test('a clustering that fails takes no delivery with it', async () => {
    await source('own', 'manual');
    clustering = () => {
      throw new Error('the clustering is broken');
    };

    expect((await deliver('own', { title: 'x' }, token)).statusCode).toBe(202);
    await onlyItem();
  });
});

describe('8: exact duplicates', () => {
  test('fifty at once under one name and fifty ids are one item with fifty occurrences', async () => {
    const tell = (n: number) =>
      receive(api.db, {
        ...{ project: 'default', source: 'own', deliveryId: `d${n}`, newId: ulid },
        reports: [report({ nature: 'event' })],
      });

    await Promise.all(Array.from({ length: 50 }, (_, n) => tell(n)));

    expect(await onlyItem()).toMatchObject({ occurrences: 50 });
  });

  test('polling again ingests nothing again', async () => {
    await source('sub', 'reddit', { secret: undefined });
    const at = { project: 'default', source: 'sub', part: 'rust' };
    const page = { ...at, reports: [report()], isEnd: true, newId: ulid };

    expect(await keepPage(api.db, { ...page, from: null, to: { before: 't3_1' } })).toBe(1);
    expect(await keepPage(api.db, { ...page, from: { before: 't3_1' }, to: { before: 't3_2' } })).toBe(0);
    expect(await onlyItem()).toMatchObject({ occurrences: 1 });
  });

  test('the same words by hand are one item', async () => {
    await api.call('POST', 'feedback', { title: 'It is slow', body: 'since noon' });
    await api.call('POST', 'feedback', { title: 'it is  slow', body: 'Since noon' });

    expect(await onlyItem()).toMatchObject({ occurrences: 2 });
  });
});

describe('9: the sync of issues', () => {
  test('a re-opened issue is open and clustered again, an edited one too', async () => {
    await source('gh', 'github');
    const tell = (issue: object, id: string) => {
      const body = githubEvent(issue);
      const signature = { 'x-hub-signature-256': `sha256=${hmac('s', JSON.stringify(body))}` };
      return deliver('gh', body, { 'x-github-event': 'issues', 'x-github-delivery': id, ...signature });
    };
    await tell(githubIssue({ state: 'closed' }), '1');
    await sql`update feedback_item set clustering = 'clustered'`.execute(api.db);

    await tell(githubIssue({ state: 'open', updated_at: '2026-11-06T00:00:00Z' }), '2');
    const reopened = await onlyItem();
    await sql`update feedback_item set clustering = 'clustered'`.execute(api.db);
    await tell(githubIssue({ title: 'Other words', updated_at: '2026-11-07T00:00:00Z' }), '3');

    expect(reopened).toMatchObject({ status: 'open', clustering: 'pending' });
    expect(await onlyItem()).toMatchObject({ title: 'Other words', clustering: 'pending', revision: 3 });
  });

  test('how far it has read is what it has kept: a page that is not kept moves nothing', async () => {
    await source('gh', 'github');
    const at = { project: 'default', source: 'gh', part: 'acme/shop' };
    const broken = [report({ updatedAt: '2026-11-20T10:00:00.000Z' }), { ...report(), kind: 'nonsense' }];
    const page = { ...at, from: null, to: { seen: '2026-11-20T10:00:00Z' }, isEnd: true, newId: ulid };

    await expect(keepPage(api.db, { ...page, reports: broken as never })).rejects.toThrow();

    expect(await findPlace(api.db, at)).toBeNull();
    expect(await api.db.selectFrom('feedback_item').select('id').execute()).toEqual([]);
    expect(await api.db.selectFrom('feedback_delivery').select('delivery_id').execute()).toEqual([]);
  });

  test('of two readers of one place only one keeps', async () => {
    await source('gh', 'github');
    const at = { project: 'default', source: 'gh', part: 'acme/shop' };
    const page = { ...at, reports: [report()], from: null, isEnd: true, newId: ulid };

    const kept = await Promise.all([
      keepPage(api.db, { ...page, to: { seen: 'a' } }),
      keepPage(api.db, { ...page, to: { seen: 'b' } }),
    ]);

    expect(kept.filter((changed) => changed === null)).toHaveLength(1);
  });
});

describe('10: authenticity, repeats and titles', () => {
  test('a repeat of a known issue is counted by the hour, with its release', async () => {
    await source('errors', 'sentry');
    for (const [n, release] of ['shop@1', 'shop@1', 'shop@2'].entries()) {
      const body = sentryEvent({ event_id: String(n), release, datetime: `2026-11-19T22:2${n}:00Z` });
      await deliver('errors', body, signed(body));
    }

    expect(await onlyItem()).toMatchObject({
      ...{ occurrences: 3, release: 'shop@2' },
      title: 'ReferenceError: blooopy is not defined',
    });
    expect(await api.db.selectFrom('feedback_told').select('item_id').execute()).toHaveLength(1);
    const hours = await api.db
      .selectFrom('feedback_occurrence')
      .select(['release', 'count'])
      .orderBy('release')
      .execute();
    expect(hours).toEqual([
      { release: 'shop@1', count: 2 },
      { release: 'shop@2', count: 1 },
    ]);
  });

  test('no kind of source takes a delivery without its proof', async () => {
    const kinds = [
      'github',
      'gitlab',
      'sentry',
      'slack',
      'alertmanager',
      'datadog',
      'posthog',
      'splunk',
      'manual',
    ];
    for (const kind of kinds) await source(kind, kind);

    const answers = await Promise.all(
      kinds.map((kind) => deliver(kind, { title: 'x', alerts: [alert()] }, {})),
    );

    expect(answers.map(({ statusCode }) => statusCode)).toEqual(kinds.map(() => 401));
    expect(await api.db.selectFrom('feedback_delivery').select('source').execute()).toEqual([]);
  });

  function signed(body: object): Record<string, string> {
    return {
      'sentry-hook-resource': 'event_alert',
      'sentry-hook-timestamp': String(Math.floor(Date.now() / 1000)),
      'sentry-hook-signature': hmac('s', JSON.stringify(body)),
    };
  }
});

describe('13: what was counted, and what was marked as seen', () => {
  test('every source is in the statistics, also what has no row of its own', async () => {
    await source('gh', 'github');
    await source('own', 'manual');
    await deliver('own', { title: 'one' }, token);
    await api.call('POST', 'feedback', { title: 'two' });

    const { items, others } = (await api.call('GET', 'sources')).body;

    expect(items).toMatchObject([
      { name: 'gh', stats: { items: 0 } },
      { name: 'own', stats: { new: 1, items: 1 } },
    ]);
    expect(others).toMatchObject([{ name: 'manual', stats: { new: 1, items: 1 } }]);
  });

  test('a storm of webhooks is not turned away by the limit of requests', async () => {
    await source('own', 'manual');
    const tell = (n: number) => deliver('own', { title: `report ${n}` }, token);

    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => tell(n)));

    expect(answers.filter(({ statusCode }) => statusCode !== 202)).toEqual([]);
    expect(await api.db.selectFrom('feedback_item').select('id').execute()).toHaveLength(200);
  });
});
