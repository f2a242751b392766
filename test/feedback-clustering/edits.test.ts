import { afterEach, beforeEach, expect, test } from 'vitest';
import { openClusterHouse, type ClusterHouse } from './house.ts';

let house: ClusterHouse;
const ids = new Map<string, string>();
const exportTitles = ['The export to CSV fails', 'Export to CSV fails again', 'CSV export fails'];
const loginTitles = ['Cannot log in with my password', 'Log in with password is refused'];

beforeEach(async () => {
  house = await openClusterHouse();
  for (const title of [...exportTitles, ...loginTitles])
    ids.set(title, await house.tell({ title, body: '' }));
  await house.work();
});
afterEach(() => house.close());

const idOf = (title: string) => ids.get(title) ?? '';

async function answerTo(commandId: string) {
  return house.eyes
    .selectFrom('command')
    .select(['state', 'answer'])
    .where('id', '=', commandId)
    .executeTakeFirstOrThrow();
}

/** Everything that a person could see of the clusters, but when it was written. */
async function seen(): Promise<unknown> {
  const clusters = await house.eyes
    .selectFrom('feedback_cluster')
    .select(['id', 'title', 'summary', 'state', 'lock', 'size', 'redirect_to', 'representatives'])
    .orderBy('id')
    .execute();
  const items = await house.eyes
    .selectFrom('feedback_item')
    .select(['id', 'cluster_id', 'membership'])
    .orderBy('id')
    .execute();
  return { clusters, items };
}

test('merged clusters stay merged over a run of everything, and the id that is gone leads to the other', async () => {
  const [into, cluster] = [
    await house.clusterOf('CSV export fails'),
    await house.clusterOf(loginTitles[0] ?? ''),
  ];
  await house.command({ kind: 'merge', cluster, into });
  await house.work();
  await everything();

  expect(await house.groups()).toHaveLength(1);
  expect(await house.clusterOf(loginTitles[0] ?? '')).toBe(into);
  const gone = await house.eyes
    .selectFrom('feedback_cluster')
    .select(['redirect_to', 'size'])
    .where('id', '=', cluster)
    .executeTakeFirstOrThrow();
  expect(gone).toEqual({ redirect_to: into, size: 0 });
});

test('a merge that is undone leaves everything as it was', async () => {
  const before = await seen();
  const [into, cluster] = [
    await house.clusterOf('CSV export fails'),
    await house.clusterOf(loginTitles[0] ?? ''),
  ];
  const edit = await house.command({ kind: 'merge', cluster, into });
  await house.work();
  expect(await seen()).not.toEqual(before);
  const undo = await house.command({ kind: 'undo', edit });
  await house.work();

  expect(await answerTo(undo)).toMatchObject({ state: 'accepted' });
  expect(await seen()).toEqual(before);
  await everything();
  expect(await seen()).toEqual(before);
});

test('what was split stays split, though the texts are alike', async () => {
  const cluster = await house.clusterOf('CSV export fails');
  await house.command({ kind: 'split', cluster, items: [idOf('CSV export fails')] });
  await house.work();
  await everything();

  expect(await house.groups()).toEqual(
    [
      [...loginTitles].sort(),
      ['Export to CSV fails again', 'The export to CSV fails'],
      ['CSV export fails'],
    ].sort((a, b) => b.length - a.length || ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1)),
  );
  expect(await house.clusterOf('The export to CSV fails')).toBe(cluster);
});

test('an item that was moved stays where it was put, and new ones do not follow it', async () => {
  const to = await house.clusterOf(loginTitles[0] ?? '');
  await house.command({ kind: 'move', items: [idOf('CSV export fails')], to });
  await house.work();
  await house.tell({ title: 'Export to CSV fails once more', body: '' });
  await house.work();

  expect(await house.clusterOf('CSV export fails')).toBe(to);
  expect(await house.clusterOf('Export to CSV fails once more')).not.toBe(to);
});

test('a closed lock keeps new items out', async () => {
  const cluster = await house.clusterOf('CSV export fails');
  await house.command({ kind: 'lock', cluster, mode: 'closed' });
  await house.work();
  await house.tell({ title: 'CSV export fails', body: '', externalId: 'late' });
  await house.work();

  const members = await house.eyes
    .selectFrom('feedback_item')
    .select('id')
    .where('cluster_id', '=', cluster)
    .execute();
  expect(members).toHaveLength(3);
});

test('must-link and cannot-link hold', async () => {
  const [one, other] = [idOf('CSV export fails'), idOf(loginTitles[0] ?? '')];
  const link = await house.command({ kind: 'must-link', items: [one, other] });
  await house.work();
  expect(await house.clusterOf('CSV export fails')).toBe(await house.clusterOf(loginTitles[0] ?? ''));
  await house.command({ kind: 'undo', edit: link });
  await house.command({ kind: 'cannot-link', items: [one], from: [idOf('Export to CSV fails again')] });
  await house.work();
  await everything();

  expect(await house.clusterOf('CSV export fails')).not.toBe(
    await house.clusterOf('Export to CSV fails again'),
  );
  expect(await house.clusterOf('CSV export fails')).not.toBe(await house.clusterOf(loginTitles[0] ?? ''));
});

test('a title that a person gave stays, until it is taken back', async () => {
  const cluster = await house.clusterOf('CSV export fails');
  const titleOf = async () =>
    (
      await house.eyes
        .selectFrom('feedback_cluster')
        .select('title')
        .where('id', '=', cluster)
        .executeTakeFirstOrThrow()
    ).title;
  const before = await titleOf();
  const edit = await house.command({ kind: 'rename', cluster, title: 'Exports' });
  await house.work();
  await house.tell({ title: 'CSV export fails today', body: '' });
  await house.work();
  expect(await titleOf()).toBe('Exports');
  await house.command({ kind: 'undo', edit });
  await house.work();
  expect(await titleOf()).toBe(before);
});

test.each([
  ['2.1.0', 'new'],
  ['2.0.0', 'new'],
  ['1.9.0', 'fixed'],
])('a cluster that is fixed in 2.0.0 and seen in %s is %s', async (release, state) => {
  const cluster = await house.clusterOf('CSV export fails');
  await house.command({ kind: 'set-state', cluster, state: 'fixed', release: '2.0.0' });
  await house.work();
  await house.tell({
    title: 'CSV export fails',
    body: '',
    nature: 'event',
    release,
    createdAt: new Date().toISOString(),
  });
  await house.work();

  const now = await house.eyes
    .selectFrom('feedback_cluster')
    .select(['state', 'regressed_at'])
    .where('id', '=', cluster)
    .executeTakeFirstOrThrow();
  expect(now.state).toBe(state);
  expect(now.regressed_at !== null).toBe(state === 'new');
});

test.each([
  [
    'a cluster that is not there',
    () => ({ kind: 'lock', cluster: '01ARZ3NDEKTSV4RRFFQ69G5FAV', mode: 'open' }),
    /no cluster/,
  ],
  [
    'an item of another cluster',
    async () => ({
      kind: 'split',
      cluster: await house.clusterOf('CSV export fails'),
      items: [idOf(loginTitles[0] ?? '')],
    }),
    /not in/,
  ],
  [
    'all of its members',
    async () => ({
      kind: 'split',
      cluster: await house.clusterOf(loginTitles[0] ?? ''),
      items: loginTitles.map(idOf),
    }),
    /all members/,
  ],
  [
    'itself',
    async () => ({
      kind: 'merge',
      cluster: await house.clusterOf('CSV export fails'),
      into: await house.clusterOf('CSV export fails'),
    }),
    /same cluster/,
  ],
  ['an edit that is not there', () => ({ kind: 'undo', edit: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }), /no edit/],
] as const)('a command with %s is refused and says why', async (_what, input, why) => {
  const command = await house.command((await input()) as never);
  await house.work();

  expect(await answerTo(command)).toMatchObject({
    state: 'refused',
    answer: expect.stringMatching(why) as string,
  });
});

test('an edit is taken back once', async () => {
  const edit = await house.command({
    kind: 'rename',
    cluster: await house.clusterOf('CSV export fails'),
    title: 'Exports',
  });
  await house.command({ kind: 'undo', edit });
  const again = await house.command({ kind: 'undo', edit });
  await house.work();

  expect(await answerTo(again)).toMatchObject({ state: 'refused' });
});

async function everything(): Promise<void> {
  const job = {
    id: '01ARZ3NDEKTSV4RRFFQ69G5FA0',
    project: 'default',
    kind: 'everything',
    requested_by: 'ada',
  } as const;
  await house.eyes.deleteFrom('cluster_job').execute();
  await house.eyes.insertInto('cluster_job').values(job).execute();
  house.forget();
  await house.work();
}
