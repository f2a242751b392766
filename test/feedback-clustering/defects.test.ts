import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openClusterHouse, project, type ClusterHouse } from './house.ts';

/**
 * What went wrong in an earlier system of this kind, as far as it concerns clusters; test/feedback/defects.test.ts has what concerns what
 * comes in. Where a defect has a test elsewhere, its line says so.
 */
let house: ClusterHouse;
beforeEach(async () => {
  house = await openClusterHouse();
});
afterEach(() => house.close());

const titles = [
  'The export to CSV fails',
  'Export to CSV fails again',
  'Login with password fails',
  'Password login fails',
];

async function tellAll(given: readonly string[]): Promise<void> {
  for (const title of given) await house.tell({ title, body: '' });
}

describe('a project without any service', () => {
  test('clusters offline, by the method and the threshold that were set (1)', async () => {
    const settings = JSON.stringify({ method: 'fingerprint' });
    await house.eyes.insertInto('feedback_clustering').values({ project, settings }).execute();
    await tellAll(titles);
    await house.work();

    expect(await house.groups()).toHaveLength(titles.length);
  });
});

describe('the same items', () => {
  test('are the same clusters in whatever order they come (3)', async () => {
    await tellAll(titles);
    await house.work();
    const before = await house.groups();
    await house.close();
    house = await openClusterHouse();
    for (const title of titles.toReversed()) {
      await tellAll([title]);
      await house.work();
    }

    expect(await house.groups()).toEqual(before);
  });
});

describe('what comes in during a shift', () => {
  test('is clustered in it, and no job is marked as failed for it (4)', async () => {
    await tellAll(titles.slice(0, 2));
    const working = house.work();
    await tellAll(titles.slice(2));
    await working;
    await house.work();

    expect((await house.groups()).flat()).not.toContain('none');
    const pending = await house.eyes
      .selectFrom('feedback_item')
      .select('id')
      .where('clustering', '=', 'pending')
      .execute();
    expect(pending).toEqual([]);
    const failed = await house.eyes
      .selectFrom('cluster_job')
      .select('id')
      .where('state', '=', 'failed')
      .execute();
    expect(failed).toEqual([]);
  });
});

describe('a job of a worker that died', () => {
  test('is taken over and ends; it is not running for ever (5)', async () => {
    const left = { id: '01ARZ3NDEKTSV4RRFFQ69G5FA1', project, kind: 'everything', state: 'running' } as const;
    await house.eyes
      .insertInto('cluster_job')
      .values({ ...left, requested_by: 'ada', started_at: new Date(0) })
      .execute();
    await tellAll(titles);
    await house.work();

    const job = await house.eyes
      .selectFrom('cluster_job')
      .selectAll()
      .where('id', '=', left.id)
      .executeTakeFirstOrThrow();
    expect(job).toMatchObject({ state: 'succeeded' });
    expect(job.finished_at).not.toBeNull();
  });
});

describe('a cluster that takes an item in', () => {
  test('tells so: when it was seen, from where, of how many (11)', async () => {
    await house.tell({ title: titles[0], body: '', createdAt: '2026-11-01T10:00:00.000Z' });
    await house.work();
    const id = await house.clusterOf(titles[0] ?? '');
    const read = () =>
      house.eyes.selectFrom('feedback_cluster').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    const before = await read();
    await house.tell({ title: titles[1], body: '', createdAt: '2026-11-02T10:00:00.000Z' });
    await house.work();
    const after = await read();

    expect(after).toMatchObject({ size: 2, last_seen: new Date('2026-11-02T10:00:00.000Z') });
    expect(after.updated_at.getTime()).toBeGreaterThan(before.updated_at.getTime());
  });

  test('is never one that was merged away: its id leads on for good (11)', async () => {
    await tellAll(titles);
    await house.work();
    const [into, cluster] = [await house.clusterOf(titles[0] ?? ''), await house.clusterOf(titles[2] ?? '')];
    await house.command({ kind: 'merge', cluster, into });
    await house.work();
    await tellAll(['Login with the password fails today']);
    await house.work();

    expect(await house.clusterOf('Login with the password fails today')).toBe(into);
  });
});

// (2) centroids: there are none to be stale, domain/agglomerative.test.ts. (7) crash.test.ts, and the poison item in shift.test.ts.
// (12) splits with the ids of real items: edits.test.ts. (14) npm run bench -- cluster-speed.
