import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepSchedules } from '../../../activities/reconciliation/schedules.ts';
import { createTroubles, type Sweeper } from '../../../activities/reconciliation/sweeper.ts';
import { removeSource } from '../../../db/feedback/source.ts';
import { syncOptions } from '../../../workflows/feedback/start-options.ts';
import { fakeIssue } from '../fake-github.ts';
import { openSyncHouse, type SyncHouse } from '../sync-house.ts';

let house: SyncHouse;
const troubles: unknown[] = [];
beforeAll(async () => {
  house = await openSyncHouse();
}, 60_000);
afterAll(() => house.close());

const count = async (source: string): Promise<number> =>
  (await house.db.selectFrom('feedback_item').select('id').where('source', '=', source).execute()).length;

test(
  'a repository is read to its end, through a limit and a failure, and what is told twice is there once',
  { timeout: 60_000 },
  async () => {
    await house.put('gh', ['acme/shop']);
    for (let n = 0; n < 350; n += 1) house.github.issues.push(fakeIssue(n));
    house.github.next.push({ status: 502 }, { status: 429, headers: { 'retry-after': '1' } });
    const { type, options } = syncOptions({ project: 'default', source: 'gh' }, 'acme/shop');

    const handle = await house.client.workflow.start(type, options);
    const result: unknown = await handle.result();
    const again: unknown = await (await house.client.workflow.start(type, options)).result();

    expect(result).toEqual({ changed: 350, problems: [] });
    expect(again).toEqual({ changed: 0, problems: [] });
    expect(await count('gh')).toBe(350);
  },
);

test('a part that is refused keeps no other from its turn', { timeout: 60_000 }, async () => {
  await house.put('two', ['acme/gone', 'acme/shop']);
  house.github.next.push({ status: 404, body: { message: 'Not Found' } });

  const result: unknown = await house.client.workflow.execute('feedbackSync', {
    ...{ workflowId: 'feedback/default/two', taskQueue: 'feedback', args: [{ source: 'two' }] },
  });

  expect(result).toEqual({ changed: 350, problems: ['acme/gone: HTTP 404: Not Found'] });
});

test('a source of another project is none of a run', { timeout: 60_000 }, async () => {
  const result: unknown = await house.client.workflow.execute('feedbackSync', {
    ...{ workflowId: 'feedback/elsewhere/gh', taskQueue: 'feedback', args: [{ source: 'gh' }] },
  });

  expect(result).toEqual({ changed: 0, problems: [] });
});

test(
  'each source that is polled has one schedule, which reads at once; what is gone has none',
  { timeout: 90_000 },
  async () => {
    const log = (message: string, fields: object): void => void troubles.push({ message, ...fields });
    const sweeper = { ...house, ...createTroubles(log) } as unknown as Sweeper;
    await removeSource(house.db, 'default', 'two', 'ann');
    await house.put('gh', ['acme/shop'], false);
    await house.put('later', ['acme/shop'], true, '1h');

    await keepSchedules(sweeper);
    await expect.poll(() => count('later'), { timeout: 20_000 }).toBe(350);
    await expect.poll(schedules, { timeout: 20_000 }).toEqual(['feedback/default/later/3600000']);
    await keepSchedules(sweeper);
    await house.put('later', ['acme/shop'], true, '2h');
    await keepSchedules(sweeper);
    await expect.poll(schedules, { timeout: 20_000 }).toEqual(['feedback/default/later/7200000']);
    await removeSource(house.db, 'default', 'later', 'ann');
    await keepSchedules(sweeper);

    await expect.poll(schedules, { timeout: 20_000 }).toEqual([]);
    expect(troubles).toEqual([]);
  },
);

async function schedules(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { scheduleId } of house.client.schedule.list()) ids.push(scheduleId);
  return ids.sort();
}
