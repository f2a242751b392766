import { afterEach, beforeEach, expect, test } from 'vitest';
import { openClusterHouse, type ClusterHouse } from './house.ts';

let house: ClusterHouse;
beforeEach(async () => {
  house = await openClusterHouse();
});
afterEach(() => house.close());

const exportTitles = ['The export to CSV fails', 'Export to CSV fails again', 'CSV export fails'];
const loginTitles = ['Cannot log in with my password', 'Log in with password is refused'];

async function tellAll(titles: readonly string[]): Promise<void> {
  for (const title of titles) await house.tell({ title, body: '' });
}

test('what is alike is one cluster, what is like nothing stands alone', async () => {
  await tellAll([...exportTitles, ...loginTitles, 'Dark mode please']);
  const { stats } = await house.work();

  expect(await house.groups()).toEqual([
    [...exportTitles].sort(),
    [...loginTitles].sort(),
    ['Dark mode please'],
  ]);
  expect(stats).toMatchObject({ clustered: 6, embedding_failures: 0 });
  const clusters = await house.eyes.selectFrom('feedback_cluster').selectAll().execute();
  const standing = clusters.filter(({ redirect_to: to }) => to === null);
  expect(standing.map(({ size }) => size).sort()).toEqual([1, 2, 3]);
  expect(standing.find(({ size }) => size === 3)?.title).toMatch(/export/i);
});

test('a cluster of one keeps its id when a second item joins', async () => {
  await tellAll(['The export to CSV fails']);
  await house.work();
  const alone = await house.clusterOf('The export to CSV fails');
  await tellAll(['Export to CSV fails again']);
  await house.work();

  expect(await house.clusterOf('Export to CSV fails again')).toBe(alone);
});

test('a worker that has just been started goes on with the same clusters and ids', async () => {
  await tellAll([...exportTitles, ...loginTitles]);
  await house.work();
  const before = await house.clusterOf('CSV export fails');
  house.forget();
  await tellAll(['CSV export fails every time']);
  await house.work();

  expect(await house.clusterOf('CSV export fails every time')).toBe(before);
  expect(await house.groups()).toHaveLength(2);
});

test('errors with one fingerprint are one cluster, whatever their texts', async () => {
  const exception = { type: 'TypeError', message: 'x is undefined', stack: null };
  const error = { kind: 'error', nature: 'event', exception } as const;
  await house.tell({ ...error, title: 'Checkout crashed' });
  await house.tell({ ...error, title: 'Something else entirely broke' });
  await house.work();

  expect(await house.groups()).toEqual([['Checkout crashed', 'Something else entirely broke']]);
  const rules = await house.eyes.selectFrom('feedback_item').select('membership').execute();
  expect(rules.map(({ membership }) => membership?.['rule'])).toEqual(['fingerprint', 'fingerprint']);
});

test('an edited text is clustered again, and leaves its cluster when it fits no more', async () => {
  const told = { externalId: 'one', body: '', createdAt: '2026-11-20T10:00:00.000Z' };
  await house.tell({ ...told, title: 'The export to CSV fails' });
  await tellAll(['Export to CSV fails again']);
  await house.work();
  await house.tell({ ...told, title: 'Dark mode please', updatedAt: '2026-11-20T11:00:00.000Z' });
  await house.work();

  expect(await house.groups()).toEqual([['Dark mode please'], ['Export to CSV fails again']]);
});

test('a text that cannot be embedded fails alone, and is put aside after five tries', async () => {
  await house.close();
  house = await openClusterHouse({
    embedding: {
      ...{ model: 'picky', dimensions: 2, batch: 10 },
      embed: (texts) =>
        Promise.resolve(
          texts.map((text) =>
            text.includes('poison')
              ? { kind: 'failed' as const, reason: 'refused', retryable: false }
              : { kind: 'vector' as const, vector: Float32Array.from([1, 0]) },
          ),
        ),
    },
  });
  await tellAll(['poison', 'good', 'fine']);
  const { nextMs } = await house.work();
  expect(nextMs).toBeGreaterThan(0);
  for (let attempt = 0; attempt < 4; attempt += 1) {
    await house.eyes.updateTable('feedback_item').set({ retry_at: null }).execute();
    await house.work();
  }

  const states = await house.eyes
    .selectFrom('feedback_item')
    .select(['title', 'clustering', 'tries', 'fault'])
    .orderBy('title')
    .execute();
  expect(states).toMatchObject([
    { title: 'fine', clustering: 'clustered' },
    { title: 'good', clustering: 'clustered' },
    { title: 'poison', clustering: 'quarantined', tries: 5, fault: 'refused' },
  ]);
});

test('fifty texts teach the model what words are worth here', async () => {
  await house.close();
  house = await openClusterHouse({
    clustering: { method: 'agglomerative', threshold: null, minSize: 2, truncateBodyChars: 1500 },
  });
  const topics = [
    'export to CSV fails',
    'cannot log in',
    'invoice has a wrong sum',
    'page loads slowly',
    'no mail arrives',
  ];
  for (let index = 0; index < 60; index += 1)
    await house.tell({
      title: `${topics[index % 5]} ${['since today', 'again', 'for all of us'][index % 3]}`,
      body: '',
    });
  await house.work();

  const state = await house.eyes.selectFrom('feedback_clustering').selectAll().executeTakeFirstOrThrow();
  expect(state.fitted_items).toBe(60);
  expect(state.calibrated_threshold).toBeGreaterThan(0.05);
  const jobs = await house.eyes.selectFrom('cluster_job').select(['kind', 'state']).execute();
  expect(jobs).toContainEqual({ kind: 'everything', state: 'succeeded' });
  expect(jobs.every(({ state: now }) => now === 'succeeded')).toBe(true);
  // Equal texts at least: with five topics of twelve texts each, being of one topic is hardly more than chance.
  expect((await house.groups()).length).toBeLessThanOrEqual(15);
});

test('an error is owned by whom CODEOWNERS names for the nearest path of its stack', async () => {
  await house.eyes
    .insertInto('feedback_clustering')
    .values({
      project: 'default',
      settings: JSON.stringify({ codeowners: '* @all\n/src/cart/ @cart-team\n' }),
    })
    .execute();
  const stack =
    'TypeError: x is undefined\n    at total (/srv/shop/src/cart/total.ts:4:1)\n    at run (/srv/shop/src/server.ts:8:5)';
  const exception = { type: 'TypeError', message: 'x is undefined', stack };
  await house.tell({ kind: 'error', nature: 'event', title: 'Checkout crashed', exception });
  await house.work();

  const { owner, severity } = await house.eyes
    .selectFrom('feedback_cluster')
    .select(['owner', 'severity'])
    .executeTakeFirstOrThrow();
  expect(owner).toMatchObject({ owners: ['@cart-team'], line: 2 });
  expect(severity).toMatchObject({ version: 1 });
});
