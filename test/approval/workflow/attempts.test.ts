import { defaultPayloadConverter } from '@temporalio/common';
import { ulid } from 'ulid';
import { describe, test } from 'vitest';
import { attemptsWritten } from '../../../db/approval/attempt.ts';
import { auditOf } from '../../support/audit.ts';
import { houseForFile } from '../../support/rollout-house/for-file.ts';
import {
  makeService,
  quickPlan,
  startRollout,
  type StartedRollout,
} from '../../support/rollout-house/people.ts';
import { resetToFirstTask } from '../../support/rollout-house/reset.ts';

/** What somebody types into Temporal to approve something approves nothing, and is written down, on the real server. */
const house = houseForFile();
const plan = { ...quickPlan, lease: '1m', steps: [{ weight: 20, soak: '1s', gate: true }, { weight: 100 }] };

async function atGate(): Promise<StartedRollout> {
  const rollout = await startRollout(house(), await makeService(house()), 'v2', plan);
  await rollout.until('waiting-for-approval');
  return rollout;
}

const attempts = async (rollout: StartedRollout): Promise<string[]> =>
  (await rollout.events()).filter(({ type }) => type === 'approval.attempt').map(({ summary }) => summary);

const audited = async (rollout: StartedRollout) =>
  (await auditOf(house().db, { operation: rollout.operationId })).filter(
    ({ action }) => action === 'approval.attempt',
  );

describe.concurrent('an attempt to approve around the API', () => {
  test('by a signal is written down with what came and the run', async ({ expect }) => {
    const rollout = await atGate();
    const named = ulid();
    await rollout.handle.signal('approval', { decisionId: named });
    await rollout.handle.signal('approval', 'yes');
    await rollout.handle.signal('approve', { by: 'bob' });
    await expect.poll(() => attempts(rollout)).toHaveLength(3);
    expect(await rollout.state()).toMatchObject({ phase: 'waiting-for-approval', weight: 20 });
    const { runId } = await rollout.handle.describe();
    const entries = await audited(rollout);
    expect(entries.map(({ detail }) => detail)).toEqual(
      expect.arrayContaining([
        { what: 'signal approval that names no recorded decision', named, run: runId },
        { what: 'signal approval that names no decision', run: runId },
        { what: 'signal approve', run: runId },
      ]),
    );
    await rollout.decide('reject');
    expect(await rollout.result()).toMatchObject({ outcome: 'rejected' });
  });

  test('by an update is refused and written down', async ({ expect }) => {
    const rollout = await atGate();
    for (const name of ['approval', 'approve', 'decide'])
      await expect(
        rollout.handle.executeUpdate(name, { args: [{ approve: true }] as never }),
      ).rejects.toThrow();
    await expect.poll(() => attempts(rollout)).toHaveLength(3);
    expect(await audited(rollout)).toHaveLength(3);
    expect(await rollout.state()).toMatchObject({ phase: 'waiting-for-approval', weight: 20 });
    await rollout.decide('approve');
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
  });

  test('by the result of a running activity is written down, readable or not', async ({ expect }) => {
    const rollout = await atGate();
    const readable = { state: { failures: 0 }, lastCheck: null, kind: 'soaked' };
    for (const [index, result] of [null, readable].entries()) {
      await completeWatch(rollout, result);
      await expect
        .poll(async () => (await attempts(rollout)).filter((line) => line.includes('activity result')).length)
        .toBeGreaterThan(index);
    }
    const summaries = (await attempts(rollout)).join('\n');
    expect(summaries).toContain('activity result of watchRollout that cannot be read');
    expect(summaries).toContain('activity result of watchRollout that the worker did not give');
    expect(await audited(rollout)).toContainEqual(
      expect.objectContaining({ texts: { identity: 'somebody at the command line' } }),
    );
    expect(await rollout.state()).toMatchObject({ phase: 'waiting-for-approval', weight: 20 });
    await rollout.decide('approve');
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
  });

  test('by a reset is written down, and the run asks again', async ({ expect }) => {
    const rollout = await atGate();
    const before = await rollout.state();
    const runId = await resetToFirstTask(house(), rollout.handle.workflowId);
    await expect.poll(() => attempts(rollout)).toEqual([expect.stringContaining('reset of a run')]);
    expect((await audited(rollout))[0]?.detail).toMatchObject({ to: runId });
    const after = await rollout.until(({ gate }) => gate !== null && gate.subject !== before.gate?.subject);
    expect(after).toMatchObject({ phase: 'waiting-for-approval' });
    await rollout.decide('approve');
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
  });

  test('in a flood is written down twenty times and counted; a person still gets through', async ({
    expect,
  }) => {
    const rollout = await atGate();
    const flood = attemptsWritten * 5;
    for (let count = 0; count < flood; count += 1)
      await rollout.handle.signal('approval', { decisionId: ulid() });
    await rollout.decide('approve');
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
    expect(await attempts(rollout)).toHaveLength(attemptsWritten);
    // Each that was written, and one that says that the rest is counted.
    expect(await audited(rollout)).toHaveLength(attemptsWritten + 1);
    const types = (await rollout.events()).map(({ type }) => type);
    expect(types.filter((type) => type === 'approval.attempts-counted')).toHaveLength(1);
    const { events = [] } = await rollout.handle.fetchHistory();
    const looks = events?.filter((event) => event.markerRecordedEventAttributes != null) ?? [];
    expect(looks.length).toBeLessThan(flood);
  });
});

/** As `temporal activity complete` does it. */
async function completeWatch(rollout: StartedRollout, result: unknown): Promise<void> {
  for (;;) {
    const { raw } = await rollout.handle.describe();
    const watch = raw.pendingActivities?.find(
      ({ activityType, lastHeartbeatTime }) =>
        activityType?.name === 'watchRollout' && lastHeartbeatTime != null,
    );
    if (watch?.activityId == null) continue;
    await house().connection.workflowService.respondActivityTaskCompletedById({
      namespace: house().namespace,
      workflowId: rollout.handle.workflowId,
      activityId: watch.activityId,
      result: { payloads: [defaultPayloadConverter.toPayload(result)] },
      identity: 'somebody at the command line',
    });
    return;
  }
}
