import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, type ApiUnderTest } from '../../api/support.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
  await api.call('PUT', 'sources/gh', { kind: 'github' });
  await api.call('PUT', 'sources/off', { kind: 'github', enabled: false });
});
afterAll(() => api.close());

const sync = (repository: string, source = 'gh') =>
  api.call('POST', `ingest/github/sync/${encodeURIComponent(repository)}?source=${source}`);

test('a sync is a run of its own, and asking twice is one run', async () => {
  const first = await sync('acme/shop');
  const second = await sync('acme/shop');

  expect(first).toMatchObject({
    status: 202,
    body: { source: 'gh', repository: 'acme/shop', workflowId: 'feedback/default/gh/acme/shop' },
  });
  expect(second.body).toEqual(first.body);
  const handle = api.client.workflow.getHandle(first.body.workflowId);
  expect((await handle.describe()).status.name).toBe('RUNNING');
  await handle.terminate();
});

test('without such a source, or with one that is switched off, nothing is started', async () => {
  expect((await sync('acme/shop', 'nobody')).status).toBe(404);
  expect((await sync('acme/shop', 'off')).status).toBe(409);
  expect((await sync('acme')).status).toBe(400);
});
