import { describe, test } from 'vitest';
import { houseForFile } from '../support/rollout-house/for-file.ts';
import { makeService, quickPlan, startRollback, startRollout } from '../support/rollout-house/people.ts';
import { effectsOf, expectUndone, runningOf } from '../support/rollout-house/proof.ts';
import { resetToFirstTask } from '../support/rollout-house/reset.ts';

const house = houseForFile();
const longSoak = { ...quickPlan, steps: [{ weight: 10, soak: '1m' }, { weight: 100 }] };
const within = { timeout: 20_000, interval: 100 };

describe.concurrent('what a run leaves behind', () => {
  test('a terminated rollout is made safe, and its row says so', async ({ expect }) => {
    await house().startReconciliation();
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', longSoak);
    await rollout.until('soaking');
    await rollout.handle.terminate('by hand');
    await expect.poll(async () => (await rollout.row()).status, within).toBe('closed');
    await expectUndone(house(), rollout, 'failed');
    expect((await rollout.row()).summary).toBe(
      'the workflow was terminated in Temporal; v1 serves, v2 is removed',
    );
    expect((await rollout.events()).at(-1)).toMatchObject({ type: 'run.lost' });
  });

  test('a rollout that was terminated under an emergency stop is made safe as well', async ({ expect }) => {
    await house().startReconciliation();
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', longSoak);
    await rollout.until('soaking');
    await rollout.handle.terminate('by hand');
    const stop = { project: 'default', service, reason: 'all hands', stopped_by: 'bob' };
    await house().db.insertInto('emergency_stop').values(stop).execute();
    await expect.poll(async () => (await rollout.row()).status, within).toBe('closed');
    await expectUndone(house(), rollout, 'failed');
  });

  test('a recorded start whose workflow was never started is started', async ({ expect }) => {
    await house().startReconciliation();
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', quickPlan, 'only');
    await expect.poll(async () => (await rollout.row()).outcome, within).toBe('promoted');
  });

  test('a command that nobody delivered is delivered', async ({ expect }) => {
    await house().startReconciliation();
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', longSoak);
    await rollout.until('soaking');
    await rollout.recordCommand('abort', { reason: 'unheard' });
    expect(await rollout.result()).toEqual({ outcome: 'aborted', reason: 'ann: unheard' });
  });

  test('a decision that nobody announced is announced', async ({ expect }) => {
    await house().startReconciliation();
    const service = await makeService(house());
    const plan = { ...quickPlan, steps: [{ weight: 50, soak: '1s', gate: true }] };
    const rollout = await startRollout(house(), service, 'v2', plan);
    const { gate } = await rollout.until('waiting-for-approval');
    await rollout.recordDecision('approve', gate?.subject ?? '');
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
  });

  test('a command to an operation that has ended is refused', async ({ expect }) => {
    await house().startReconciliation();
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', longSoak);
    await rollout.until('soaking');
    await rollout.handle.terminate('by hand');
    const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
    const command = {
      id,
      operation_id: rollout.operationId,
      project: 'default',
      kind: 'pause',
      body: '{}',
      requested_by: 'ann',
      answer: null,
      state: 'pending' as const,
      settled_at: null,
    };
    await house().db.insertInto('command').values(command).execute();
    await expect
      .poll(
        () =>
          house()
            .db.selectFrom('command')
            .select(['state', 'answer'])
            .where('id', '=', id)
            .executeTakeFirst(),
        within,
      )
      .toEqual({ state: 'refused', answer: 'the operation has ended' });
  });

  test('a terminated rollback that had moved requests is finished', async ({ expect }) => {
    const service = await makeService(house());
    await (await startRollout(house(), service, 'v2')).result();
    const done = house().failTraffic('verify', service, new Error('the proxy is away'));
    const rollback = await startRollback(house(), service);
    await expect.poll(() => house().agent.weights(service), within).toEqual({ v1: 100, v2: 0 });
    await rollback?.handle.terminate('by hand');
    done();
    await house().startReconciliation();
    await expect.poll(async () => (await rollback?.row())?.status, within).toBe('closed');
    expect(await rollback?.row()).toMatchObject({ outcome: 'rolled-back' });
    expect(runningOf(house(), service)).toEqual([`default.${service}.v1.0`]);
  });
});

describe.concurrent('a run that was reset in Temporal', () => {
  test('does nothing twice, says so once, and ends as if nothing had been', async ({ expect }) => {
    await house().startReconciliation();
    const service = await makeService(house());
    const plan = {
      ...quickPlan,
      steps: [{ weight: 10, soak: '1s' }, { weight: 50, soak: '3s' }, { weight: 100 }],
    };
    const rollout = await startRollout(house(), service, 'v2', plan);
    await rollout.until((state) => state.step === 1 && state.phase === 'soaking');
    await resetToFirstTask(house(), rollout.handle.workflowId);
    await expect
      .poll(async () => (await rollout.row()).outcome, { timeout: 25_000, interval: 100 })
      .toBe('promoted');
    const effects = effectsOf(house(), service);
    expect(effects.filter((what) => what.startsWith('start'))).toEqual([`start default.${service}.v2.0`]);
    const events = await rollout.events();
    expect(events.filter((event) => event.type === 'run.reset')).toHaveLength(1);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)).toMatchObject({ type: 'rollout.closed' });
    expect(house().agent.weights(service)).toEqual({ v2: 100, v1: 0 });
  }, 40_000);

  test('changes nothing when its operation has ended', async ({ expect }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service);
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
    const before = effectsOf(house(), service).length;
    await resetToFirstTask(house(), rollout.handle.workflowId);
    expect(await rollout.result()).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('has ended'),
    });
    expect(effectsOf(house(), service).slice(before)).toEqual([]);
    expect(await rollout.row()).toMatchObject({ status: 'closed', outcome: 'promoted' });
    expect(runningOf(house(), service)).toContain(`default.${service}.v2.0`);
  });
});
