import { describe, test } from 'vitest';
import { OpsError } from '../../../domain/errors.ts';
import { emergencyStop } from '../../../db/emergency-stop.ts';
import { houseForFile } from '../../support/rollout-house/for-file.ts';
import { makeService, quickPlan, startRollout } from '../../support/rollout-house/people.ts';
import { effectsOf, expectUndone, runningOf } from '../../support/rollout-house/proof.ts';

const house = houseForFile();
const longSoak = { ...quickPlan, steps: [{ weight: 10, soak: '1m' }, { weight: 100 }] };

describe.concurrent('a rollout that goes badly', () => {
  test('takes the canary off before all else, and removes it only after the proof', async ({ expect }) => {
    const service = await makeService(house());
    house().agent.behave(service, 'v2', { errorRate: 0.3 });
    const rollout = await startRollout(house(), service);
    const { outcome, reason } = await rollout.result();
    expect(outcome).toBe('rolled-back');
    expect(reason).toMatch(/errors|error rate/i);
    await expectUndone(house(), rollout, 'rolled-back');
    expect(effectsOf(house(), service)).toEqual([
      'applied v1=100',
      `start default.${service}.v2.0`,
      `changed ${rollout.operationId}/step-0`,
      'applied v1=90 v2=10',
      'verified',
      'applied v1=100 v2=0',
      'verified',
      'applied v1=100',
      'verified',
      `stop default.${service}.v2.0`,
    ]);
  });

  test('fails cleanly when the version is never healthy, and the target was never touched', async ({
    expect,
  }) => {
    const service = await makeService(house());
    house().sicken(service, 'HTTP 503');
    const rollout = await startRollout(house(), service);
    const { outcome, reason } = await rollout.result();
    expect(outcome).toBe('failed');
    expect(reason).toMatch(/v2 was not healthy within 3 s: .*HTTP 503/);
    await expectUndone(house(), rollout, 'failed');
    expect(effectsOf(house(), service).filter((what) => what.startsWith('changed'))).toEqual([]);
  });

  test('fails cleanly when an instance ends before it is healthy', async ({ expect }) => {
    const service = await makeService(house());
    house().sicken(service, 'ECONNREFUSED');
    const rollout = await startRollout(house(), service);
    await rollout.until('health-check');
    await expect.poll(() => runningOf(house(), service).length).toBe(2);
    house().runtime.kill(`default.${service}.v2.0`);
    expect(await rollout.result()).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(/ended before it was healthy/),
    });
    await expectUndone(house(), rollout, 'failed');
  });

  test('ends as stopped when an emergency stop comes in the middle of a soak', async ({ expect }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', longSoak);
    await rollout.until('soaking');
    await emergencyStop(house().db, { project: 'default', service, reason: 'it burns', by: 'bob' });
    expect(await rollout.result()).toMatchObject({
      outcome: 'stopped',
      reason: expect.stringContaining('it burns'),
    });
    await expectUndone(house(), rollout, 'stopped');
  });

  test('is rolled back when the lease is lost in the middle of a soak', async ({ expect }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', longSoak);
    await rollout.until('soaking');
    house().agent.loseLease(service);
    expect(await rollout.result()).toMatchObject({
      outcome: 'rolled-back',
      reason: expect.stringContaining('lease-lost'),
    });
    await expectUndone(house(), rollout, 'rolled-back');
  });

  test('is undone when the proxy does not follow', async ({ expect }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', {
      ...quickPlan,
      timeouts: { ...quickPlan.timeouts, verify: '8s' },
    });
    await rollout.until('health-check');
    house().agent.stick(service, true);
    await rollout.until('rolling-back');
    house().agent.stick(service, false);
    expect(await rollout.result()).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('did not follow token'),
    });
    await expectUndone(house(), rollout, 'failed');
  });

  test('is not given up while the way back is blocked: it waits for the proxy, visibly stuck', async ({
    expect,
  }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', longSoak);
    await rollout.until('soaking');
    const done = house().failTraffic('verify', service, new OpsError('not-verified', 'it does not follow'));
    await rollout.command('abort', { reason: 'try the way back' });
    await expect
      .poll(async () => (await rollout.row()).stuck, { timeout: 15_000 })
      .toContain('restoreStable: it does not follow');
    expect(runningOf(house(), service)).toContain(`default.${service}.v2.0`);
    done();
    expect(await rollout.result()).toMatchObject({ outcome: 'aborted' });
    await expectUndone(house(), rollout, 'aborted');
  });

  test('is aborted when the deadline of the whole rollout passes', async ({ expect }) => {
    const service = await makeService(house());
    const plan = { ...longSoak, timeouts: { ...quickPlan.timeouts, deadline: '3s' } };
    const rollout = await startRollout(house(), service, 'v2', plan);
    expect(await rollout.result()).toEqual({
      outcome: 'aborted',
      reason: 'the deadline of the rollout passed',
    });
    await expectUndone(house(), rollout, 'aborted');
  });
});

describe.concurrent('a rollout that cannot be judged', () => {
  test('holds while the stable version suffers as well, says so, and goes on when both are well', async ({
    expect,
  }) => {
    const service = await makeService(house());
    const plan = {
      ...quickPlan,
      steps: [{ weight: 50, soak: '2s' }],
      timeouts: { ...quickPlan.timeouts, hold: '1m' },
    };
    for (const version of ['v1', 'v2']) house().agent.behave(service, version, { errorRate: 0.3 });
    const rollout = await startRollout(house(), service, 'v2', plan);
    const held = await rollout.until('holding');
    expect(held.waitingFor).toBe('stable-breach');
    for (const version of ['v1', 'v2']) house().agent.behave(service, version, { errorRate: 0 });
    expect(await rollout.result()).toEqual({ outcome: 'promoted', reason: 'v2 serves everything' });
    const types = (await rollout.events()).map((event) => event.type);
    expect(types).toEqual(expect.arrayContaining(['hold.began', 'hold.ended']));
  });

  test('never passes without requests: it holds, and the hold expires', async ({ expect }) => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', {
      ...longSoak,
      timeouts: { ...quickPlan.timeouts, hold: '3s' },
    });
    await rollout.until('soaking');
    house().agent.rate(service, 0);
    const held = await rollout.until('holding');
    expect(held).toMatchObject({ waitingFor: 'no-data', step: 0 });
    expect(await rollout.result()).toMatchObject({
      outcome: 'aborted',
      reason: expect.stringContaining('held for too long'),
    });
    await expectUndone(house(), rollout, 'aborted');
  });

  test('never passes without counters either', async ({ expect }) => {
    const service = await makeService(house());
    const done = house().failTraffic('buckets', service, new Error('the counters are away'));
    const rollout = await startRollout(house(), service, 'v2', {
      ...quickPlan,
      timeouts: { ...quickPlan.timeouts, hold: '1m' },
    });
    expect(await rollout.until('holding')).toMatchObject({ waitingFor: 'metrics-error' });
    done();
    expect(await rollout.result()).toEqual({ outcome: 'promoted', reason: 'v2 serves everything' });
  });
});
