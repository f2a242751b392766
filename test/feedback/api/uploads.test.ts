import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, type ApiUnderTest } from '../../api/support.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
  await api.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => api.close());

const upload = (body: string, key: string, type = 'text/csv') =>
  api.call('POST', 'ingest/upload', body, { 'content-type': type, 'idempotency-key': key });
const countItems = async (): Promise<number> =>
  (await api.db.selectFrom('feedback_item').select('id').where('source', '=', 'upload').execute()).length;

test('a table is read row by row; what is no report is told with its line', async () => {
  const csv = [
    'title,body,labels,externalId,at',
    'Search is slow,"takes, ""ages""\nsince Monday",search;speed,A-1,2026-11-20T10:00:00Z',
    ',no title,,A-2,',
    'too few,cells',
    'Search fails,,,A-3,2026-11-20T10:00:00Z',
  ].join('\r\n');

  const { status, headers, body } = await upload(csv, 'file-1');

  expect(status).toBe(200);
  expect(body).toMatchObject({
    ...{ state: 'done', format: 'csv', rowsRead: 4, accepted: 2, refused: 2 },
    faults: [
      { line: 4, detail: 'it has no title' },
      { line: 5, detail: 'it has 2 cells, and there are 5 columns' },
    ],
  });
  expect((await api.call('GET', String(headers['location']))).body).toEqual(body);
  expect((await api.call('GET', 'ingest/uploads')).body.items).toContainEqual(body);
  expect((await api.call('GET', 'feedback?q=ages')).body.items).toMatchObject([
    { title: 'Search is slow', body: 'takes, "ages"\nsince Monday', labels: ['search', 'speed'] },
  ]);
});

test('the same file under the same key counts nothing twice', async () => {
  const lines = Array.from({ length: 1234 }, (_, n) => JSON.stringify({ title: `row ${n}` })).join('\n');
  const before = await countItems();

  const first = await upload(lines, 'file-2', 'application/x-ndjson');
  const again = await upload(lines, 'file-2', 'application/x-ndjson');

  expect(first.body).toMatchObject({ rowsRead: 1234, accepted: 1234, refused: 0 });
  expect(again.body).toMatchObject({ id: first.body.id, state: 'done', accepted: 1234 });
  expect(await countItems()).toBe(before + 1234);
  const counted = await api.db
    .selectFrom('feedback_item')
    .select((eb) => eb.fn.max('occurrences').as('most'))
    .where('source', '=', 'upload')
    .executeTakeFirstOrThrow();
  expect(counted.most).toBe(1);
});

test('a file whose sender hangs up keeps what came, and is sent again whole', async () => {
  const rows = Array.from({ length: 2000 }, (_, n) => `hung up ${n}`);
  const csv = `title\n${rows.join('\n')}\n`;
  const before = await countItems();
  await hangUp(csv.slice(0, csv.indexOf('hung up 1700')), 'file-3');
  await expect.poll(uploadState).toBe('broken-off');
  const partly = await countItems();

  const whole = await upload(csv, 'file-3');

  expect(partly - before).toBe(1500);
  expect(whole.body).toMatchObject({ state: 'done', accepted: 2000 });
  expect((await countItems()) - before).toBe(2000);
});

async function uploadState(): Promise<unknown> {
  return (await api.call('GET', 'ingest/uploads?limit=1')).body.items[0]?.state;
}

function hangUp(part: string, key: string): Promise<void> {
  const { port } = api.app.server.address() as AddressInfo;
  return new Promise((resolve) => {
    const sending = httpRequest({
      ...{ port, host: '127.0.0.1', method: 'POST', path: '/v1/projects/default/ingest/upload' },
      headers: { 'content-type': 'text/csv', 'idempotency-key': key, authorization: `Bearer ${api.key}` },
    });
    sending.on('error', () => resolve());
    sending.on('close', () => resolve());
    sending.write(part, () => setTimeout(() => sending.destroy(), 1500));
  });
}

test('a line without an end is refused, and what came before it is kept', async () => {
  const before = await countItems();
  const rows = Array.from({ length: 600 }, (_, n) => JSON.stringify({ title: `before the long one ${n}` }));

  const refused = await upload(
    `${rows.join('\n')}\n{"title":"${'x'.repeat(1_200_000)}`,
    'long',
    'application/x-ndjson',
  );

  expect(refused.body).toMatchObject({ status: 413, code: 'too-large' });
  expect(refused.body.detail).toContain('line 601');
  expect((await countItems()) - before).toBe(500);
  expect(await uploadState()).toBe('broken-off');
});

test.each([
  ['no column title', 'name,text\na,b', 'text/csv', 400],
  ['another type', 'title\nx', 'application/xml', 415],
])('a file with %s is refused', async (name, body, type, status) => {
  expect((await upload(body, `refused ${name}`.replaceAll(' ', '-'), type)).status).toBe(status);
});
