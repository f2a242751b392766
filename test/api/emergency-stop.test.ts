import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, serviceInput, type ApiUnderTest } from './support.ts';
import { auditOf } from '../support/audit.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest({ temporal: 'dead' });
});
afterAll(() => api.close());

test('with Temporal dead a stop is written, audited, shown and released', async () => {
  await api.call('PUT', 'services/shop', serviceInput('shop'));

  const stopped = await api.call('POST', 'emergency-stop', { service: 'shop', reason: 'errors at the till' });
  const shown = await api.call('GET', 'services/shop');
  const released = await api.call('POST', 'emergency-stop/release', { service: 'shop', reason: 'fixed' });

  expect(stopped.body.items).toMatchObject([{ service: 'shop', reason: 'errors at the till', by: 'ada' }]);
  expect(shown.body.stopped).toMatchObject({ reason: 'errors at the till', by: 'ada' });
  expect(released.body.items).toEqual([]);
  expect(await auditOf(api.db, { action: 'emergency-stop' })).toMatchObject([
    { action: 'emergency-stop.stop', principal: 'ada', texts: { reason: 'errors at the till' } },
    { action: 'emergency-stop.release', principal: 'ada', texts: { reason: 'fixed' } },
  ]);
});

test('a stop of all holds for each service and is released as one', async () => {
  await api.call('PUT', 'services/till', serviceInput('till'));
  await api.call('POST', 'emergency-stop', { all: true, reason: 'everything burns' });

  const shown = await api.call('GET', 'services/till');
  const start = await api.call('POST', 'canary-rollouts', { service: 'till', version: 'v1' });
  await api.call('POST', 'emergency-stop/release', { all: true, reason: 'over' });

  expect(shown.body.stopped).toMatchObject({ reason: 'everything burns' });
  expect(start.body).toMatchObject({ status: 409, code: 'stopped' });
  expect((await api.call('GET', 'emergency-stop')).body).toEqual({ items: [] });
});

test.each([
  ['nothing to stop', { reason: 'x' }, 400],
  ['both', { service: 'shop', all: true, reason: 'x' }, 400],
  ['no reason', { all: true }, 400],
  ['an unknown service', { service: 'nobody', reason: 'x' }, 404],
])('%s is refused', async (_name, body, status) => {
  expect((await api.call('POST', 'emergency-stop', body)).status).toBe(status);
});

test('with Temporal dead a start is durable and waits, and readiness names it', async () => {
  await api.call('PUT', 'services/later', serviceInput('later'));

  const started = await api.call('POST', 'canary-rollouts', { service: 'later', version: 'v1' });
  const shown = await api.call('GET', `canary-rollouts/${started.body.id}`);
  const ready = await api.call('GET', '/readyz');

  expect(started.status).toBe(202);
  expect(shown.body).toMatchObject({ status: 'starting', live: false });
  expect(ready.status).toBe(200);
  expect(ready.body).toMatchObject({ ready: true, database: { ok: true }, temporal: { ok: false } });
});
