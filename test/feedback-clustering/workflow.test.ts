import { afterAll, beforeAll, expect, test } from 'vitest';
import { ulid } from 'ulid';
import { buildApp } from '../../api/app.ts';
import type { App } from '../../api/dependencies.ts';
import { createWakeClustering } from '../../api/feedback-clustering/wake.ts';
import { keyOfPerson } from '../support/access.ts';
import { houseForFile } from '../support/rollout-house/for-file.ts';

const house = houseForFile();
const within = { timeout: 20_000, interval: 50 };
const at = '/v1/projects/default';
let app: App;
let key: string;
/** Signals get lost while it is. */
let isDeaf = false;

beforeAll(async () => {
  const { client, worker, db } = house();
  const notifications = { on: () => () => undefined, close: () => Promise.resolve() };
  const temporal = () => {
    if (isDeaf) throw new Error('nobody hears');
    return client;
  };
  const common = { db: worker.db, temporal, taskQueue: 'operations' };
  app = await buildApp({ ...common, notifications, wakeClustering: createWakeClustering(common) });
  key = await keyOfPerson(db, 'ada');
});
afterAll(() => app.close());

test('what is reported is in a cluster, and people can merge, look and undo', async () => {
  const titles = ['The export to CSV fails', 'The export to CSV fails again', 'Dark mode please'];
  for (const title of titles) await call('POST', '/feedback', { title });
  await untilIdle();
  const { items } = await call('GET', '/clusters');
  expect(items).toMatchObject([{ size: 2, state: 'new', sources: ['manual'] }]);
  const all = await call('GET', '/clusters?all=true');
  const [into, cluster] = [2, 1].map(
    (size) => all.items.find((one: { size: number }) => one.size === size).id,
  );

  const merged = await call('POST', '/clusters/commands', { kind: 'merge', cluster, into });
  expect(merged).toMatchObject({ state: 'accepted', answer: expect.stringContaining('1 items') as string });
  const shown = await call('GET', `/clusters/${cluster}`);
  expect(shown.cluster).toMatchObject({ id: into, size: 3 });
  const [member] = shown.members;
  const { why } = await call('GET', `/clusters/${into}/members/${member.itemId}`);
  expect(why).toMatchObject({ version: 1, rule: 'person' });

  await call('POST', '/clusters/commands', { kind: 'undo', edit: merged.id });
  expect((await call('GET', `/clusters/${cluster}`)).cluster).toMatchObject({ id: cluster, size: 1 });
  expect((await call('GET', '/clusters/edits')).items).toMatchObject([{ kind: 'merge', undoneBy: 'ada' }]);
});

test('a command that makes no sense is refused with the reason', async () => {
  const answer = await raw('POST', '/clusters/commands', { kind: 'lock', cluster: ulid(), mode: 'open' });

  expect(answer.statusCode).toBe(409);
  expect(answer.json()).toMatchObject({ detail: expect.stringMatching(/no cluster/) as string });
});

test('a job for everything runs and tells what it did; asked twice it is one', async () => {
  const headers = { 'idempotency-key': ulid() };
  const { id } = await call('POST', '/cluster-jobs', undefined, headers);
  expect((await call('POST', '/cluster-jobs', undefined, headers)).id).toBe(id);

  await expect.poll(async () => (await call('GET', `/cluster-jobs/${id}`)).state, within).toBe('succeeded');
  const job = await call('GET', `/cluster-jobs/${id}`);
  expect(job).toMatchObject({ kind: 'everything', error: null, stats: { embedding_failures: 0 } });
  expect(job.stats.clustered).toBeGreaterThan(0);
});

test('settings of the project count from the next job on', async () => {
  await call('PUT', '/clustering/settings', { threshold: 0.99 });
  await untilIdle();
  expect(await call('GET', '/clustering/status')).toMatchObject({ threshold: 0.99, clusters: 0 });
  await call('PUT', '/clustering/settings', {});
  await untilIdle();
  expect((await call('GET', '/clustering/status')).clusters).toBeGreaterThan(0);
});

test('what nobody was told of is found by the sweep, also after the run was terminated', async () => {
  await house().client.workflow.getHandle('feedback-clustering/default/clusters').terminate('by hand');
  isDeaf = true;
  await call('POST', '/feedback', { title: 'Invoices have the wrong sum' });
  isDeaf = false;
  await house().startReconciliation();

  await untilIdle();
  const found = await call('GET', '/clusters?all=true&q=invoices');
  expect(found.items).toMatchObject([{ size: 1 }]);
});

test('the clusters as CSV, without formulas', async () => {
  await call('POST', '/feedback', { title: '=HYPERLINK("http://x")' });
  await untilIdle();
  const { body, headers } = await raw('GET', '/clusters.csv?all=true');

  expect(headers['content-type']).toContain('text/csv');
  expect(body).toContain(`"'=HYPERLINK(""`);
});

async function untilIdle(): Promise<void> {
  const idle = { pending: 0, provisional: 0, isClustering: false };
  const isIdle = async () => {
    const status = await call('GET', '/clustering/status');
    const [job] = (await call('GET', '/cluster-jobs?limit=1')).items;
    // It may have begun between the two answers: one that runs is no more idle than one that waits.
    const isOpen = job?.state === 'pending' || job?.state === 'running';
    return { ...status, isClustering: status.isClustering || isOpen };
  };
  await expect.poll(isIdle, within).toMatchObject(idle);
}

/* eslint-disable @typescript-eslint/no-explicit-any -- whatever the API says; each test looks at its part */
async function call(
  method: 'GET' | 'POST' | 'PUT',
  url: string,
  payload?: object,
  headers = {},
): Promise<any> {
  const answer = await raw(method, url, payload, headers);
  if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`);
  return answer.json();
}

function raw(method: 'GET' | 'POST' | 'PUT', url: string, payload?: object, headers = {}) {
  const own = { authorization: `Bearer ${key}`, 'idempotency-key': ulid(), ...headers };
  return app.inject({ method, url: `${at}${url}`, headers: own, payload });
}
