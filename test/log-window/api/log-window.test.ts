import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, type ApiUnderTest } from '../../api/support.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());

const hourMs = 3_600_000;
/** A whole hour, two or three hours ago. */
const hour = (Math.floor(Date.now() / hourMs) - 2) * hourMs;
const at = (ms: number) => new Date(hour + ms).toISOString();
const time = at(3000);
const range = `from=${at(0)}&to=${at(hourMs)}`;
const lineOf = (over: object = {}) => ({ time, service: 'shop', message: 'order 17 lost', ...over });
const send = (lines: unknown, headers: Record<string, string> = {}) =>
  api.call('POST', 'ingest/logs', { lines }, headers);
const list = (query: string) => api.call('GET', `log-windows?${range}&${query}`);

test('lines go in, kinds come out: counts, errors, latency, users and examples', async () => {
  const lines = Array.from({ length: 100 }, (_, index) =>
    lineOf({
      message: `order ${index} paid`,
      latencyMs: index + 1,
      user: `u${index % 5}`,
      status: 200,
      route: '/o',
      release: '1.0',
    }),
  );

  const sent = await send([...lines, lineOf({ status: 503 }), lineOf({ level: 'error' })]);
  const { body } = await list('size=1m&service=shop');

  expect(sent).toMatchObject({ status: 200, body: { accepted: 102, refused: 0, errors: [] } });
  expect(body).toMatchObject({ size: '1m', from: at(0) });
  expect(body.items).toMatchObject([
    { template: { text: 'order <*> lost' }, count: 2, errors: 2, latency: null, users: 0 },
    {
      template: { text: 'order <*> paid' },
      ...{ count: 100, errors: 0, users: 5, routes: ['/o'], releases: ['1.0'], firstSeen: time },
      windows: [{ start: at(0), count: 100, errors: 0 }],
    },
  ]);
  const { latency } = body.items[1] as { latency: { p50: number; p95: number; p99: number } };
  expect(Math.abs(latency.p50 - 50)).toBeLessThanOrEqual(0.51);
  expect(Math.abs(latency.p95 - 95)).toBeLessThanOrEqual(0.96);
  expect(Math.abs(latency.p99 - 99)).toBeLessThanOrEqual(1);
});

test('the same batch again changes nothing, other lines under its key are refused', async () => {
  const headers = { 'idempotency-key': 'batch-1' };
  const lines = [lineOf({ service: 'twice' })];

  const first = await send(lines, headers);
  const again = await send(lines, headers);
  const other = await send([lineOf({ service: 'twice', message: 'else' })], headers);

  expect(again).toMatchObject({ status: 200, body: first.body });
  expect(other.body).toMatchObject({ status: 422, code: 'idempotency-mismatch' });
  expect((await list('service=twice')).body.items).toMatchObject([{ count: 1 }]);
});

test('a line that is not valid is told by its place and holds up no other', async () => {
  const { status, body } = await send([
    lineOf({ service: 'mixed' }),
    { time, service: 'mixed' },
    lineOf({ service: 'mixed', latencyMs: -1 }),
    lineOf({ service: 'mixed', colour: 'red' }),
    lineOf({ service: 'mixed', time: new Date(Date.now() + 2 * hourMs).toISOString() }),
    lineOf({ service: 'mixed', time: '0001-01-01T00:00:00Z' }),
  ]);

  expect(status).toBe(200);
  expect(body).toMatchObject({ accepted: 1, refused: 5 });
  expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
    '/lines/1/message',
    '/lines/2/latencyMs',
    '/lines/3/colour',
    '/lines/4/time',
    '/lines/5/time',
  ]);
  expect((await list('service=mixed')).body.items).toMatchObject([{ count: 1 }]);
});

test.each<[string, unknown, string]>([
  ['no line that is valid', [{ time: 'yesterday', service: 'x', message: 'm' }], '/lines/0/time'],
  ['no lines', [], '/lines'],
  ['no list', 'x', '/lines'],
  ['too many lines', Array.from({ length: 5001 }, () => lineOf()), '/lines'],
])('%s: 400 with a pointer', async (_, lines, pointer) => {
  const { status, body } = await send(lines);

  expect(status).toBe(400);
  expect(body.errors[0].pointer).toBe(pointer);
});

test('lines of JSON are taken as they are written', async () => {
  const lines = [
    JSON.stringify(lineOf({ service: 'nd' })),
    '{"broken',
    '',
    JSON.stringify(lineOf({ service: 'nd' })),
  ];

  const answer = await api.app.inject({
    method: 'POST',
    url: '/v1/projects/default/ingest/logs',
    headers: {
      authorization: `Bearer ${api.key}`,
      'idempotency-key': 'nd-1',
      'content-type': 'application/x-ndjson',
    },
    payload: lines.join('\n'),
  });

  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({ accepted: 2, refused: 1, errors: [{ pointer: '/lines/1' }] });
});

test('secrets and people are not stored', async () => {
  const message = 'login of jane.doe@example.org with password=hunter2hunter2 failed';
  const route = '/reset?email=jane.doe@example.org&password=hunter2hunter2';
  await send([lineOf({ service: 'private', message, route, user: 'jane.doe@example.org' })]);

  const { body } = await list('service=private');

  expect(body.items[0].exemplars).toHaveLength(1);
  expect(JSON.stringify(body)).not.toMatch(/hunter2|jane/);
});

test('without an Idempotency-Key nothing is counted', async () => {
  const answer = await api.app.inject({
    method: 'POST',
    url: '/v1/projects/default/ingest/logs',
    headers: { authorization: `Bearer ${api.key}` },
    payload: { lines: [lineOf({ service: 'keyless' })] },
  });

  expect(answer.statusCode).toBe(400);
  expect((await list('service=keyless')).body.items).toEqual([]);
});

test.each([
  ['from=2026-11-21T13:00:00Z&to=2026-11-21T12:00:00Z', 'querystring/from'],
  ['size=2m', 'querystring/size'],
  ['template=zz', 'querystring/template'],
])('%s is refused', async (query, pointer) => {
  const { status, body } = await api.call('GET', `log-windows?${query}`);

  expect(status).toBe(400);
  expect(body.errors[0].pointer).toBe(pointer);
});
