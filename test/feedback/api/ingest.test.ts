import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSecrets } from '../../../providers/secret/reference.ts';
import { apiUnderTest, type ApiUnderTest } from '../../api/support.ts';
import { keyOfPerson } from '../../support/access.ts';
import { alert, githubEvent, githubIssue, hmac, sentryEvent, slackMessage } from '../payloads.ts';

let api: ApiUnderTest;
const woken: string[] = [];
beforeAll(async () => {
  api = await apiUnderTest({
    edges: {
      secrets: createSecrets({ HOOK: 'the-secret' }),
      wakeClustering: (project) => void woken.push(project),
    },
  });
});
afterAll(() => api.close());
beforeEach(() => void woken.splice(0));

let sources = 0;
async function newSource(kind: string, more: object = {}): Promise<string> {
  const name = `${kind}-${(sources += 1)}`;
  const added = await api.call('PUT', `sources/${name}`, { kind, secret: 'env:HOOK', ...more });
  expect(added.status).toBe(201);
  return name;
}

/** As a vendor sends it: bytes, headers of its own, no key of ours. */
async function deliver(source: string, body: unknown, headers: Record<string, string>) {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await api.app.inject({
    method: 'POST',
    url: `/v1/projects/default/ingest/${source}`,
    headers: { 'content-type': 'application/json', ...headers },
    payload,
  });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: answer.json<Record<string, unknown> & { itemId: string }>(),
  };
}

const signedGithub = (body: unknown, delivery: string, event = 'issues', secret = 'the-secret') => ({
  'x-github-event': event,
  'x-github-delivery': delivery,
  'x-hub-signature-256': `sha256=${hmac(secret, JSON.stringify(body))}`,
});
const seconds = (): string => String(Math.floor(Date.now() / 1000));
const signedSentry = (body: unknown, at = seconds(), resource = 'event_alert') => ({
  'sentry-hook-resource': resource,
  'sentry-hook-timestamp': at,
  'sentry-hook-signature': hmac('the-secret', JSON.stringify(body)),
  'request-id': `r-${Math.random()}`,
});
const signedSlack = (body: unknown, at = seconds()) => ({
  'x-slack-request-timestamp': at,
  'x-slack-signature': `v0=${hmac('the-secret', `v0:${at}:`, JSON.stringify(body))}`,
});
const item = async (id: string) => (await api.call('GET', `feedback/${id}`)).body;

describe('github', () => {
  test('an issue is kept, its comment makes it newer, and the same delivery counts once', async () => {
    const source = await newSource('github');
    const opened = githubEvent(githubIssue());
    const first = await deliver(source, opened, signedGithub(opened, 'd1'));
    const again = await deliver(source, opened, signedGithub(opened, 'd1'));
    const commented = githubEvent(
      githubIssue({ updated_at: '2026-11-06T10:00:00Z', body: 'edited' }),
      'created',
    );
    const second = await deliver(source, commented, signedGithub(commented, 'd2', 'issue_comment'));

    expect(first).toMatchObject({ status: 202, body: { outcome: 'new', counted: 1, isKnown: false } });
    expect(again.body).toEqual({ ...first.body, isKnown: true });
    expect(second.body).toMatchObject({ outcome: 'update', itemId: first.body.itemId });
    expect(await item(first.body.itemId)).toMatchObject({
      ...{ source, externalId: '73464126', body: 'edited', labels: ['bug'], occurrences: 1 },
      metadata: { repository: 'baxterthehacker/public-repo', number: '2' },
    });
    expect(woken).toEqual(['default', 'default']);
  });

  test('pings, pull requests and other events are remembered and not kept', async () => {
    const source = await newSource('github');
    const ping = { zen: 'Keep it simple.' };
    const pull = githubEvent(githubIssue({ pull_request: { url: 'x' } }), 'created');

    const answers = [
      await deliver(source, ping, signedGithub(ping, 'd1', 'ping')),
      await deliver(source, pull, signedGithub(pull, 'd2', 'issue_comment')),
    ];

    expect(answers.map(({ body }) => body['outcome'])).toEqual(['ignored', 'ignored']);
    expect(woken).toEqual([]);
  });

  test.each([
    ['another secret', (body: object) => signedGithub(body, 'd1', 'issues', 'guessed')],
    ['the signature of another body', () => signedGithub({}, 'd1')],
    ['no signature', () => ({ 'x-github-event': 'issues' })],
    ['a signature that is too short', () => ({ 'x-hub-signature-256': 'sha256=' })],
  ])('%s is not let in', async (_name, headersOf) => {
    const source = await newSource('github');
    const body = githubEvent(githubIssue());

    const refused = await deliver(source, body, headersOf(body));

    expect(refused).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect((await api.call('GET', `feedback?source=${source}`)).body.items).toEqual([]);
  });

  test('bytes count, not what they mean: one space more does not fit the signature', async () => {
    const source = await newSource('github');
    const body = githubEvent(githubIssue());
    const headers = signedGithub(body, 'd1');

    expect((await deliver(source, JSON.stringify(body, null, 1), headers)).status).toBe(401);
    expect((await deliver(source, body, headers)).status).toBe(202);
  });
});

describe('sentry', () => {
  test('every event of an issue counts; the same event told by two rules counts once', async () => {
    const source = await newSource('sentry');
    const one = sentryEvent();
    const two = sentryEvent({ event_id: 'b'.repeat(32), datetime: '2026-11-19T22:24:08Z' });
    const { body: first } = await deliver(source, one, signedSentry(one));
    const { body: twice } = await deliver(source, one, signedSentry(one));
    const { body: second } = await deliver(source, two, signedSentry(two));

    expect(first['outcome']).toBe('new');
    expect(twice).toMatchObject({ isKnown: true });
    expect(second).toMatchObject({ outcome: 'repeat', itemId: first.itemId });
    expect(await item(first.itemId)).toMatchObject({
      ...{ occurrences: 2, kind: 'error', title: 'ReferenceError: blooopy is not defined' },
      release: 'shop@1.4.2',
    });
  });

  test.each([
    ['old', -600],
    ['of the future', 600],
  ])('a delivery that is too %s is not let in', async (_name, shift) => {
    const source = await newSource('sentry');
    const body = sentryEvent();

    expect((await deliver(source, body, signedSentry(body, String(Number(seconds()) + shift)))).status).toBe(
      401,
    );
  });
});

describe('slack', () => {
  test('its question is answered, but only to Slack', async () => {
    const source = await newSource('slack');
    const body = { type: 'url_verification', challenge: '3eZbrw1aB10FEMAGAZd4FyFQ' };

    const answered = await deliver(source, body, signedSlack(body));
    const replayed = await deliver(source, body, signedSlack(body, String(Number(seconds()) - 301)));

    expect(answered).toMatchObject({ status: 200, body: { challenge: body.challenge } });
    expect(replayed.status).toBe(401);
  });

  test('a message is kept, edited and removed; bots and answers in threads are not', async () => {
    const source = await newSource('slack');
    const tell = async (body: unknown) => (await deliver(source, body, signedSlack(body))).body;
    const first = await tell(slackMessage());
    const edited = { text: 'The import fails', ts: '1795255200.000100' };
    await tell(slackMessage({ subtype: 'message_changed', message: edited, ts: '1795255260.0' }, 'Ev2'));
    const afterEdit = await item(first.itemId);
    await tell(
      slackMessage({ subtype: 'message_deleted', previous_message: edited, ts: '1795255300.0' }, 'Ev3'),
    );

    expect(afterEdit).toMatchObject({ title: 'The import fails', status: 'open', occurrences: 1 });
    expect(await item(first.itemId)).toMatchObject({ status: 'closed' });
    expect(await tell(slackMessage({ bot_id: 'B1', ts: '5.0' }, 'Ev4'))).toMatchObject({
      outcome: 'ignored',
    });
    expect(await tell(slackMessage({ thread_ts: '1.0', ts: '6.0' }, 'Ev5'))).toMatchObject({
      outcome: 'ignored',
    });
  });
});

describe('tokens', () => {
  const basic = `Basic ${Buffer.from('user:the-secret').toString('base64')}`;
  test.each([
    ['alertmanager', { authorization: 'Bearer the-secret' }, 202],
    ['alertmanager', { authorization: basic }, 202],
    ['alertmanager', { authorization: 'Bearer the-secre' }, 401],
    ['alertmanager', { 'x-holdfast-token': 'the-secret' }, 401],
    ['datadog', { 'x-holdfast-token': 'the-secret' }, 202],
    ['gitlab', { 'x-gitlab-token': 'the-secret' }, 202],
    ['gitlab', {}, 401],
    ['posthog', { 'x-holdfast-token': '' }, 401],
  ])('%s with %j answers %i', async (kind, headers, status) => {
    const source = await newSource(kind);

    expect((await deliver(source, { alerts: [] }, headers as Record<string, string>)).status).toBe(status);
  });

  test('each alert of a group is an item, closes when it is resolved and opens when it burns again', async () => {
    const source = await newSource('alertmanager');
    const tell = (...alerts: object[]) =>
      deliver(source, { version: '4', alerts }, { authorization: 'Bearer the-secret' });
    const both = await tell(alert(), alert({ fingerprint: 'ffff', labels: { alertname: 'Slow' } }));
    const resolved = await tell(alert({ status: 'resolved', endsAt: '2026-11-20T10:20:00Z' }));
    const closed = await item(resolved.body.itemId);
    await tell(alert({ startsAt: '2026-11-20T11:00:00Z' }));

    expect(both.body).toMatchObject({ outcome: 'new', counted: 2 });
    expect(closed).toMatchObject({ status: 'closed', service: 'shop', title: 'Errors of shop are high' });
    expect(await item(resolved.body.itemId)).toMatchObject({ status: 'open' });
  });
});

describe('without a secret of its own', () => {
  const body = { title: 'reported by a program' };

  test('a source takes deliveries with a key that may write feedback', async () => {
    const source = await newSource('manual', { secret: undefined });
    const viewer = await keyOfPerson(api.db, 'vera', 'viewer');
    const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

    expect((await deliver(source, body, {})).status).toBe(401);
    expect((await deliver(source, body, bearer(viewer))).status).toBe(403);
    expect((await deliver(source, body, bearer(api.key))).body).toMatchObject({ outcome: 'new' });
    expect((await deliver(source, body, bearer(api.key))).body).toMatchObject({ outcome: 'repeat' });
  });

  test('a secret that is missing is not told by its name', async () => {
    const source = await newSource('github', { secret: 'env:NOT_THERE' });
    const refused = await deliver(source, body, signedGithub(body, 'd1'));

    expect(refused.status).toBe(503);
    expect(JSON.stringify(refused.body)).not.toContain('NOT_THERE');
  });

  test('who has no key does not learn which sources there are', async () => {
    const source = await newSource('manual', { secret: undefined });
    const there = await deliver(source, body, {});
    const notThere = await deliver('no-such-source', body, {});

    expect(notThere.status).toBe(there.status);
    expect(notThere.body['detail']).toBe(there.body['detail']);
    expect((await deliver('no-such-source', body, { authorization: `Bearer ${api.key}` })).status).toBe(404);
  });
});

describe('what a source lets in', () => {
  const key = () => ({ authorization: `Bearer ${api.key}` });

  test('a source that is switched off takes nothing', async () => {
    const source = await newSource('manual', { enabled: false });

    expect((await deliver(source, { title: 'x' }, key())).body).toMatchObject({ status: 409 });
  });

  test('its filter keeps what is not wanted out, and counts it', async () => {
    const filter = {
      withoutLabels: ['Question'],
      level: 'error',
      titleContains: ['errors of'],
    };
    const source = await newSource('alertmanager', { filter });
    const tell = async (labels: object, summary = 'Errors of shop') =>
      (await deliver(source, { alerts: [alert({ labels, annotations: { summary } })] }, key())).body[
        'outcome'
      ];

    expect(await tell({ severity: 'warning', alertname: 'a' })).toBe('filtered');
    expect(await tell({ severity: 'critical', alertname: 'b' }, 'Slow')).toBe('filtered');
    expect(await tell({ severity: 'critical', alertname: 'c' })).toBe('new');
    const { stats } = (await api.call('GET', `sources/${source}`)).body;
    expect(stats).toMatchObject({ filtered: 2, new: 1, items: 1, quarantined: 0 });
  });

  test('over its quota the sender is told when to come again, and nothing is lost', async () => {
    const source = await newSource('manual', { dailyQuota: 2 });
    const tell = (title: string) => deliver(source, { title }, { ...key(), 'idempotency-key': title });
    await tell('one');
    await tell('two');

    const refused = await tell('three');
    await api.call('PUT', `sources/${source}`, { kind: 'manual', secret: 'env:HOOK', dailyQuota: 10 });
    const taken = await tell('three');

    expect(refused).toMatchObject({ status: 429, body: { code: 'rate-limited' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(taken.body).toMatchObject({ outcome: 'new', isKnown: false });
    expect((await api.call('GET', `sources/${source}`)).body.stats).toMatchObject({ new: 3, overQuota: 1 });
  });

  test('a body of more than a megabyte, and one that is no JSON, are refused', async () => {
    const source = await newSource('manual');

    expect((await deliver(source, { title: 'x'.repeat(1024 * 1024) }, key())).status).toBe(413);
    expect((await deliver(source, 'title=x', key())).body).toMatchObject({ code: 'invalid-input' });
    expect((await deliver(source, '['.repeat(200_000), key())).status).toBe(400);
    expect((await deliver(source, { body: 'no title' }, key())).body).toMatchObject({
      errors: [{ pointer: '/title', detail: 'is required: a text' }],
    });
  });
});
