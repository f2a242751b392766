import { createHash, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, test } from 'vitest';
import { archiveOf } from '../../activities/reconciliation/archive.ts';
import { archivedHistories } from '../../db/operation-archive.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import type { SavedHistory } from '../replay/histories.ts';
import { replay } from '../replay/replay.ts';
import { houseForFile } from '../support/rollout-house/for-file.ts';
import { makeService, quickPlan, startRollout } from '../support/rollout-house/people.ts';
import { resetToFirstTask } from '../support/rollout-house/reset.ts';

const house = houseForFile();
const within = { timeout: 30_000, interval: 100 };
const longSoak = { ...quickPlan, steps: [{ weight: 10, soak: '1m' }, { weight: 100 }] };

describe.concurrent('at the end of an operation', () => {
  test('its history is kept as Temporal had it, and replays', { timeout: 60_000 }, async ({ expect }) => {
    await house().startReconciliation();
    const rollout = await startRollout(house(), await makeService(house()));
    await rollout.result();
    const archived = async () => (await archivedHistories(house().db, rollout.operationId)) ?? [];
    await expect.poll(async () => (await archived()).length, within).toBe(1);

    const [{ state, digest, content, bytes, events } = never()] = await archived();
    const text = gunzipSync(content ?? Buffer.alloc(0)).toString('utf8');

    expect(state).toBe('kept');
    expect(Buffer.byteLength(text)).toBe(bytes);
    expect(createHash('sha256').update(text).digest('hex')).toBe(digest);
    const history = JSON.parse(text) as SavedHistory['history'];
    expect(history.events).toHaveLength(events);
    expect(history.events.at(-1)?.eventType).toBe('EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED');
    const folder = path.join(tmpdir(), `holdfast-test-bundle-${process.getuid?.() ?? 0}`);
    expect(await replay(await workflowBundle(folder), [{ name: 'archived', history }])).toEqual([]);
  });

  test(
    'every run that spoke for it is kept: also one that was reset',
    { timeout: 60_000 },
    async ({ expect }) => {
      await house().startReconciliation();
      const rollout = await startRollout(house(), await makeService(house()), 'v2', longSoak);
      await rollout.until('soaking');
      const { run_id: first } = await rollout.row();
      await resetToFirstTask(house(), rollout.handle.workflowId);
      await expect.poll(async () => (await rollout.row()).run_id, within).not.toBe(first);
      await rollout.until('soaking');
      await rollout.command('abort', { reason: 'done' });
      const runs = async () =>
        ((await archivedHistories(house().db, rollout.operationId)) ?? []).map(({ runId }) => runId);

      await expect.poll(async () => (await runs()).length, within).toBe(2);
      expect(await runs()).toContain(first);
    },
  );

  test(
    'a history that Temporal has forgotten is said to be forgotten',
    { timeout: 60_000 },
    async ({ expect }) => {
      const rollout = await startRollout(house(), await makeService(house()));
      await rollout.result();
      const states = async () =>
        ((await archivedHistories(house().db, rollout.operationId)) ?? []).map(({ state }) => state);
      await house().startReconciliation();
      await expect.poll(states, within).toEqual(['kept']);

      // A run that this server never had is to it what one is whose retention is over; its own deletion takes its time.
      const { db } = house();
      const run_id = randomUUID();
      const id = rollout.operationId;
      await db.updateTable('operation_event').set({ run_id }).where('operation_id', '=', id).execute();
      await db.deleteFrom('operation_archive').where('operation_id', '=', id).execute();
      await db.updateTable('operation').set({ run_id, archived_at: null }).where('id', '=', id).execute();

      await expect.poll(states, within).toEqual(['forgotten']);
    },
  );

  test('of a history beyond the bound only its digest is kept', async ({ expect }) => {
    const text = 'x'.repeat(1000);

    expect(await archiveOf(text, 7, 999)).toEqual({
      state: 'too-large',
      events: 7,
      bytes: 1000,
      digest: createHash('sha256').update(text).digest('hex'),
      content: null,
    });
    expect(await archiveOf(text, 7, 1000)).toMatchObject({ state: 'kept', bytes: 1000 });
  });
});

function never(): never {
  throw new Error('there is none');
}
