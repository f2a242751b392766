import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditOf } from '../../support/audit.ts';
import { apiUnderTest, type ApiUnderTest } from '../../api/support.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest({ edges: { redditSubreddits: ['selfhosted'] } });
});
afterAll(() => api.close());

const put = (name: string, body: object, headers: Record<string, string> = {}) =>
  api.call('PUT', `sources/${name}`, body, headers);

test('a source is added, replaced on its newest content only, listed and removed', async () => {
  const added = await put('gh', { kind: 'github', settings: { repositories: ['acme/shop'] } });
  const replaced = await put('gh', { kind: 'github', enabled: false, dailyQuota: 5 });
  const late = await put('gh', { kind: 'github' }, { 'if-match': String(added.headers['etag']) });

  expect(added).toMatchObject({ status: 201, body: { enabled: true, secret: null, dailyQuota: null } });
  expect(replaced).toMatchObject({ status: 200, body: { enabled: false, dailyQuota: 5, settings: {} } });
  expect(late.status).toBe(412);
  expect((await api.call('GET', 'sources')).body.items).toEqual([replaced.body]);
  expect((await api.call('DELETE', 'sources/gh')).status).toBe(204);
  expect((await api.call('GET', 'sources/gh')).status).toBe(404);
  expect((await api.call('DELETE', 'sources/gh')).status).toBe(404);
  expect((await auditOf(api.db, { subject: 'gh' })).map(({ action }) => action)).toEqual([
    'feedback-source.add',
    'feedback-source.replace',
    'feedback-source.remove',
  ]);
});

test.each([
  ['a secret instead of a reference', { kind: 'sentry', secret: 'abcdef' }, '/secret'],
  ['a kind that is none', { kind: 'mastodon' }, '/kind'],
  ['what another kind reads', { kind: 'github', settings: { subreddits: ['rust'] } }, '/settings/subreddits'],
  ['a token where nothing is polled', { kind: 'sentry', settings: { token: 'env:X' } }, '/settings/token'],
  [
    'a repository that is none',
    { kind: 'github', settings: { repositories: ['shop'] } },
    '/settings/repositories/0',
  ],
  ['a level that is none', { kind: 'sentry', filter: { level: 'bad' } }, '/filter/level'],
  ['an unknown member', { kind: 'sentry', quota: 3 }, '/quota'],
])('a source with %s is refused with its place', async (_name, body, pointer) => {
  const refused = await put('wrong', body);

  expect(refused.status).toBe(400);
  expect(refused.body.errors).toContainEqual(expect.objectContaining({ pointer }));
});

test('a name that the paths of the API use is refused', async () => {
  expect((await put('upload', { kind: 'manual' })).status).toBe(400);
});

test('the subreddits are those of the installation until the project has its own', async () => {
  const path = 'config/reddit/subreddits';
  const before = await api.call('GET', path);
  const changed = await api.call('PUT', path, { subreddits: ['programming', 'devops'] });
  await put('reddit', { kind: 'reddit', settings: { subreddits: ['rust'], every: '5m' } });
  await api.call('PUT', path, { subreddits: [] });

  expect(before.body).toEqual({ subreddits: ['selfhosted'] });
  expect(changed.body).toEqual({ subreddits: ['programming', 'devops'] });
  expect((await api.call('GET', 'sources/reddit')).body.settings).toEqual({ subreddits: [], every: '5m' });
  expect((await api.call('GET', path)).body).toEqual({ subreddits: [] });
  expect((await api.call('PUT', path, { subreddits: ['no spaces'] })).status).toBe(400);
});

test('a source of another kind under that name gets no subreddits', async () => {
  await put('reddit', { kind: 'github' });

  expect((await api.call('PUT', 'config/reddit/subreddits', { subreddits: ['rust'] })).status).toBe(409);
});

test('what comes in is in the metrics of the project', async () => {
  await put('shop', { kind: 'manual' });
  await api.call('POST', 'ingest/shop', { title: 'one' });
  await api.call('POST', 'ingest/shop', { title: 'one' });

  const metrics = String((await api.call('GET', 'metrics')).body);

  expect(metrics).toContain(
    'holdfast_feedback_deliveries_24h{project="default",source="shop",outcome="repeats"} 1',
  );
  expect(metrics).toContain('holdfast_feedback_quarantined{project="default",source="shop"} 0');
  expect(metrics).toMatch(/holdfast_feedback_items_waiting\{project="default",for="pending"\} [1-9]/);
  expect(metrics).toContain('holdfast_feedback_clusters{project="default"} 0');
});
