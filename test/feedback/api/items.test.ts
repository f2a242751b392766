import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, type ApiUnderTest } from '../../api/support.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());

const post = (body: object, headers: Record<string, string> = {}) =>
  api.call('POST', 'feedback', body, headers);

test('what is reported by hand is kept without secrets, and listed and shown', async () => {
  const posted = await post({
    title: 'Login fails for ann@example.org',
    body: 'with key AKIAIOSFODNN7EXAMPLE',
    labels: ['login'],
    service: 'shop',
  });
  const { id } = posted.body;

  expect(posted.status).toBe(201);
  expect(posted.headers['location']).toBe(`/v1/projects/default/feedback/${id}`);
  expect(posted.body).toMatchObject({
    title: 'Login fails for [email]',
    body: 'with key [aws-access-key]',
    source: 'manual',
    kind: 'feedback',
    occurrences: 1,
    clustering: 'pending',
  });
  expect((await api.call('GET', `feedback/${id}`)).body).toEqual(posted.body);
  expect((await api.call('GET', 'feedback?limit=100')).body.items).toContainEqual(posted.body);
});

test('a repeated request is answered as the first; the same text under another key counts', async () => {
  const report = { title: 'The page is blank', body: 'since today' };
  const first = await post(report, { 'idempotency-key': 'one' });

  const again = await post(report, { 'idempotency-key': 'one' });
  const other = await post({ title: 'the page  is BLANK', body: 'since today' });
  const mismatch = await post({ title: 'else' }, { 'idempotency-key': 'one' });

  expect(again).toMatchObject({ status: 200, body: { id: first.body.id, occurrences: 1 } });
  expect(other).toMatchObject({ status: 200, body: { id: first.body.id, occurrences: 2 } });
  expect(mismatch.body).toMatchObject({ status: 422, code: 'idempotency-mismatch' });
});

test('what has a name of its own is updated under it', async () => {
  const first = await post({ title: 'Old words', externalId: 'T-1', at: '2026-11-20T10:00:00Z' });
  const second = await post({ title: 'New words', externalId: 'T-1', at: '2026-11-20T11:00:00Z' });
  const late = await post({ title: 'Late words', externalId: 'T-1', at: '2026-11-20T10:30:00Z' });

  expect(second.body).toMatchObject({ id: first.body.id, title: 'New words', occurrences: 1 });
  expect(late.body).toMatchObject({ id: first.body.id, title: 'New words' });
});

test('search finds words of title and body; filters and pages hold', async () => {
  await post({ title: 'Zebra crossing', body: 'in the quagmire' });
  await post({ title: 'Zebra stripes', body: 'elsewhere', kind: 'error' });

  const titles = async (query: string): Promise<string[]> =>
    (await api.call('GET', `feedback?${query}`)).body.items.map(({ title }: { title: string }) => title);

  expect(await titles('q=zebra')).toEqual(['Zebra stripes', 'Zebra crossing']);
  expect(await titles('q=zebra%20quagmire')).toEqual(['Zebra crossing']);
  expect(await titles('q=zebra%20-quagmire')).toEqual(['Zebra stripes']);
  expect(await titles('q=zebra&kind=error')).toEqual(['Zebra stripes']);
  expect(await titles("q='%20%26%20)(:*")).toEqual([]);
  const { next } = (await api.call('GET', 'feedback?q=zebra&limit=1')).body;
  expect(await titles(`q=zebra&limit=1&cursor=${next}`)).toEqual(['Zebra crossing']);
});

test.each([
  ['no title', {}, '/title'],
  ['an empty title', { title: '' }, '/title'],
  ['an address that is none', { title: 'x', url: 'javascript:alert(1)' }, '/url'],
  ['a time that is none', { title: 'x', at: 'yesterday' }, '/at'],
  ['an unknown member', { title: 'x', titel: 'y' }, '/titel'],
])('a report with %s is refused with its place', async (_name, body, pointer) => {
  const refused = await post(body);

  expect(refused.status).toBe(400);
  expect(refused.body.errors).toContainEqual(expect.objectContaining({ pointer }));
});
