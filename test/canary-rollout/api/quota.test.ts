import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, serviceInput, type ApiUnderTest } from '../../api/support.ts';

/** A project may have 10 operations open; told as a story, each test goes on after the one before. */
const allowed = 10;
let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest({ operationsPerProject: allowed });
  for (let index = 0; index < 100; index += 1) {
    const { status } = await api.call('PUT', `services/s-${index}`, serviceInput(`s-${index}`));
    expect(status).toBe(201);
  }
}, 60_000);
afterAll(() => api.close());

let first: { id: string; service: string }[] = [];

test('of a hundred starts at once as many begin as may, the others are told when to return', async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => start(`s-${index}`)));

  const begun = answers.filter(({ status }) => status === 202);
  const refused = answers.filter(({ status }) => status === 429);
  const others = answers.filter(({ status }) => status !== 202 && status !== 429);
  expect(others.map(({ status, body }) => ({ status, body: body as unknown }))).toEqual([]);
  expect([begun.length, refused.length]).toEqual([allowed, 100 - allowed]);
  for (const { body, headers } of refused) {
    expect(body).toMatchObject({ code: 'rate-limited', retryAfterSeconds: 10 });
    expect(headers['retry-after']).toBe('10');
  }
  first = begun.map(({ body }) => body as { id: string; service: string });
  expect(await open()).toBe(allowed);
});

test('what was refused left nothing behind: the same key starts it later', async () => {
  const headers = { 'idempotency-key': 'beyond-the-quota' };
  const service = await notYetStarted();
  expect(await start(service, headers)).toMatchObject({ status: 429 });
  await close(first[0]?.id ?? '');

  expect(await start(service, headers)).toMatchObject({ status: 202 });
  expect(await start(service, headers)).toMatchObject({ status: 202 });
  expect(await open()).toBe(allowed);
});

test('a target that is held is told as such, not as a quota', async () => {
  expect(await start(first[1]?.service ?? '')).toMatchObject({ status: 409 });
});

test('a rollback is never counted out', async () => {
  const service = await notYetStarted();
  const warm = { stable_version: 'v2', previous_version: 'v1', warm_until: new Date(Date.now() + 60_000) };
  await api.db.updateTable('service').set(warm).where('name', '=', service).execute();

  const answer = await api.call('POST', `services/${service}/rollback`, { reason: 'worse than before' });

  expect(answer.status).toBe(202);
  expect(await open()).toBe(allowed + 1);
});

function start(service: string, headers: Record<string, string> = {}) {
  return api.call('POST', 'canary-rollouts', { service, version: 'v1' }, headers);
}

async function notYetStarted(): Promise<string> {
  const rows = await api.db.selectFrom('operation').select('target').execute();
  const started = new Set(rows.map(({ target }) => target));
  return Array.from({ length: 100 }, (_, index) => `s-${index}`).find((name) => !started.has(name)) ?? '';
}

async function open(): Promise<number> {
  const rows = await api.db.selectFrom('operation').select('id').where('status', '<>', 'closed').execute();
  return rows.length;
}

async function close(id: string): Promise<void> {
  await api.db.updateTable('operation').set({ status: 'closed' }).where('id', '=', id).execute();
}
