import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, type ApiUnderTest } from '../../api/support.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());

const post = async (body: object): Promise<string> => (await api.call('POST', 'feedback', body)).body.id;
const quarantine = (id: string) =>
  sql`update feedback_item set clustering = 'quarantined', tries = 5, fault = 'no vector' where id = ${id}`.execute(
    api.db,
  );

test('an edit is kept without secrets and clustered again; one on older content is refused', async () => {
  const id = await post({ title: 'Crsh', body: 'at start', externalId: 'E-1', at: '2026-11-20T10:00:00Z' });
  await sql`update feedback_item set clustering = 'clustered' where id = ${id}`.execute(api.db);
  const { headers, body } = await api.call('GET', `feedback/${id}`);
  const edit = { title: 'Crash for ann@example.org', body: 'at start', status: 'open', labels: ['crash'] };

  const edited = await api.call('PUT', `feedback/${id}`, edit, { 'if-match': String(headers['etag']) });
  const late = await api.call('PUT', `feedback/${id}`, edit, { 'if-match': String(headers['etag']) });

  expect(body.clustering).toBe('clustered');
  expect(edited.body).toMatchObject({
    ...{ title: 'Crash for [email]', labels: ['crash'], clustering: 'pending' },
  });
  expect(late.status).toBe(412);
});

test('an edit stays when its source tells the same again, and ends with a newer version', async () => {
  const told = { title: 'Old', externalId: 'E-2', at: '2026-11-20T10:00:00Z' };
  const id = await post(told);
  await api.call('PUT', `feedback/${id}`, { title: 'Mended', body: '', status: 'open', labels: [] });
  await post(told);
  const afterRepeat = await api.call('GET', `feedback/${id}`);
  await post({ ...told, title: 'Newer', at: '2026-11-20T11:00:00Z' });

  expect(afterRepeat.body).toMatchObject({ title: 'Mended', occurrences: 2 });
  expect((await api.call('GET', `feedback/${id}`)).body.title).toBe('Newer');
});

test('what is quarantined is found, and tried again when somebody asks', async () => {
  const id = await post({ title: 'Poison' });
  await quarantine(id);
  const found = await api.call('GET', 'feedback?clustering=quarantined');
  const asked = { 'idempotency-key': 'retry-1' };

  const retried = await api.call('POST', `feedback/${id}/retry`, undefined, asked);
  const repeated = await api.call('POST', `feedback/${id}/retry`, undefined, asked);
  const needless = await api.call('POST', `feedback/${id}/retry`);

  expect(found.body.items).toMatchObject([{ id, fault: 'no vector' }]);
  expect(retried).toMatchObject({ status: 202, body: { clustering: 'pending', fault: null } });
  expect(repeated.status).toBe(202);
  expect(needless.body).toMatchObject({ status: 409 });
  expect((await api.call('POST', 'feedback/01ARZ3NDEKTSV4RRFFQ69G5FAV/retry')).status).toBe(404);
});

test('an export is a table that no spreadsheet runs', async () => {
  await post({
    title: '=HYPERLINK("https://example.org","x")',
    body: 'one, "two"\nthree',
    labels: ['a', 'b'],
  });
  await post({ title: '@SUM(1)', body: '-1+1' });

  const { body, headers } = await api.call('GET', 'feedback.csv?source=manual');
  const text = String(body);

  expect(headers['content-type']).toContain('text/csv');
  expect(text.split('\r\n')[0]).toContain('id,source,externalId,kind,status,title,body,labels');
  expect(text).toContain(`"'=HYPERLINK(""https://example.org"",""x"")","one, ""two""\nthree",a;b`);
  expect(text).toContain(`'@SUM(1),'-1+1`);
  expect(String((await api.call('GET', 'feedback.csv?q=hyperlink')).body).split('\r\n')).toHaveLength(3);
});
