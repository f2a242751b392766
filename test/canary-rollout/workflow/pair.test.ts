import { describe, test, vi } from 'vitest';
import { emergencyStop } from '../../../db/emergency-stop.ts';
import { makePair, type PairHouse } from '../../support/fleet-house/pair.ts';
import { houseForFile } from '../../support/rollout-house/for-file.ts';
import { quickPlan, startRollback, typesOf } from '../../support/rollout-house/people.ts';
import { desiredWeights, effectsOf, expectUndone } from '../../support/rollout-house/proof.ts';

// Many stories at once on few cores, each of which waits for two others.
vi.setConfig({ testTimeout: 90_000 });

const house = houseForFile();
const longSoak = { ...quickPlan, steps: [{ weight: 10, soak: '1m' }, { weight: 100 }] };

const wasShifted = (pair: PairHouse): boolean =>
  effectsOf(house(), pair.service).some((what) => /v2=[1-9]/.test(what));

describe.concurrent('a version that brings a configuration', () => {
  test('is promoted with it: the proxy runs it before the first request goes to the version', async ({
    expect,
  }) => {
    const pair = await makePair(house());
    const second = await pair.write('second');
    const rollout = await pair.start();
    const { outcome, reason } = await rollout.result();
    const { hash } = (await pair.shown()).running ?? {};
    expect({ outcome, reason }).toEqual({
      outcome: 'promoted',
      reason: `v2 serves everything with configuration ${second.slice(0, 12)} (hash ${hash?.slice(0, 12)})`,
    });
    // A late second of the twin's counts holds the judge for a moment, and says nothing about the order of the rest.
    const types = (await typesOf(rollout)).filter((type) => !type.startsWith('hold.'));
    expect(types).toEqual([
      ...['rollout.started', 'release.healthy', 'config.validated', 'config.proven'],
      ...['step.verified', 'step.passed', 'step.verified', 'step.passed', 'step.verified'],
      ...['release.promoted', 'rollout.closed'],
    ]);
    const [mine, other] = pair.fleet.proxies.map((proxy) => pair.fleet.history(proxy));
    expect({ mine, other }).toEqual({ mine: [pair.first, second], other: [pair.first] });
    expect(await pair.shown()).toMatchObject({ owner: null, isProven: true });
    await pair.close();
  });

  test('is rolled back before any request went to it when the proxy does not take the configuration', async ({
    expect,
  }) => {
    const pair = await makePair(house());
    pair.fleet.behave(pair.proxy, 'refuse');
    const bad = await pair.write('bad');
    const rollout = await pair.start();
    const { outcome, reason } = await rollout.result();
    expect(outcome).toBe('rolled-back');
    expect(reason).toContain(`${bad.slice(0, 12)} was not taken: proxy ${pair.proxy} did not take it`);
    expect(reason).toMatch(/\(hash [0-9a-f]{12}\) for v1 \(hash [0-9a-f]{12}\): it is proven to be back/);
    expect(wasShifted(pair)).toBe(false);
    expect(pair.fleet.history(pair.proxy)).toEqual([pair.first, bad, pair.first]);
    await expectUndone(house(), rollout, 'rolled-back');
    expect(await pair.shown()).toMatchObject({ owner: null, isProven: true });
    await pair.close();
  });

  test('is rolled back without touching the proxy when the configuration is not valid', async ({
    expect,
  }) => {
    const pair = await makePair(house());
    await pair.write('dangling', (document) => ({
      ...document,
      backends: document.backends.filter(({ name }) => name === pair.service),
    }));
    const rollout = await pair.start();
    const { outcome, reason } = await rollout.result();
    expect(outcome).toBe('rolled-back');
    expect(reason).toContain('the policy is against it');
    expect(pair.fleet.history(pair.proxy)).toEqual([pair.first]);
    expect(await typesOf(rollout)).toContain('config.kept');
    await expectUndone(house(), rollout, 'rolled-back');
    expect(await pair.shown()).toMatchObject({ owner: null });
    await pair.close();
  });

  test('gives the requests back first and the configuration second when its code is bad', async ({
    expect,
  }) => {
    const pair = await makePair(house());
    pair.agent.behave(pair.service, 'v2', { errorRate: 0.3 });
    const second = await pair.write('second');
    const rollout = await pair.start();
    expect(await rollout.result()).toMatchObject({ outcome: 'rolled-back' });
    const types = await typesOf(rollout);
    expect(types.slice(-5)).toEqual([
      ...['traffic.restored', 'ended.rolled-back', 'config.restored', 'release.removed', 'rollout.closed'],
    ]);
    expect(pair.fleet.history(pair.proxy)).toEqual([pair.first, second, pair.first]);
    await expectUndone(house(), rollout, 'rolled-back');
    expect(await pair.shown()).toMatchObject({ owner: null, isProven: true });
    await pair.close();
  });

  test('goes back to the file of the operator where nothing had been ordered', async ({ expect }) => {
    const pair = await makePair(house());
    await house()
      .db.updateTable('fleet_proxy')
      .set({ sequence: null })
      .where('proxy', '=', pair.proxy)
      .execute();
    pair.agent.behave(pair.service, 'v2', { errorRate: 0.3 });
    await pair.write('second');
    const rollout = await pair.start();
    const { reason } = await rollout.result();
    expect(reason).toContain('runs the file of its operator');
    expect(pair.fleet.history(pair.proxy).at(-1)).toBeNull();
    await pair.close();
  });

  test('gives the configuration back all the same when under it nothing can be proven', async ({
    expect,
  }) => {
    const pair = await makePair(house());
    const second = await pair.write('second');
    const plan = { ...longSoak, timeouts: { ...quickPlan.timeouts, verify: '2s' } };
    const rollout = await pair.start('v2', plan);
    await rollout.until('soaking');
    pair.agent.stick(pair.service, true);
    await rollout.command('abort', { reason: 'it hangs' });
    await expect
      .poll(() => pair.fleet.history(pair.proxy), { timeout: 15_000 })
      .toEqual([pair.first, second, pair.first]);
    pair.agent.stick(pair.service, false);
    expect(await rollout.result()).toMatchObject({ outcome: 'aborted' });
    await expectUndone(house(), rollout, 'aborted');
    await pair.close();
  });

  test('waits for a silent proxy on the way back, visibly stuck, and is never given up', async ({
    expect,
  }) => {
    const pair = await makePair(house());
    const rollout = await pair.start('v2', longSoak, await pair.write('second'));
    await rollout.until('soaking');
    pair.fleet.behave(pair.proxy, 'silent');
    await rollout.command('abort', { reason: 'changed my mind' });
    await expect
      .poll(async () => (await rollout.row()).stuck, { timeout: 40_000 })
      .toContain('restoreConfig: the way back');
    expect(await desiredWeights(house(), pair.service).catch(() => null)).toBeNull();
    pair.fleet.behave(pair.proxy, 'prove');
    expect(await rollout.result()).toMatchObject({ outcome: 'aborted' });
    await expectUndone(house(), rollout, 'aborted');
    await pair.close();
  });

  test('ends as stopped when an emergency stop comes while the proxy is configured', async ({ expect }) => {
    const pair = await makePair(house());
    pair.fleet.behave(pair.proxy, 'slow');
    const rollout = await pair.start('v2', longSoak, await pair.write('second'));
    await rollout.until('configuring');
    await emergencyStop(house().db, {
      project: 'default',
      service: pair.service,
      reason: 'it burns',
      by: 'bob',
    });
    await rollout.until('rolling-back');
    pair.fleet.behave(pair.proxy, 'prove');
    expect(await rollout.result()).toMatchObject({ outcome: 'stopped' });
    await expectUndone(house(), rollout, 'stopped');
    expect(wasShifted(pair)).toBe(false);
    await pair.close();
  });

  test('is approved as a pair: another revision is another subject', async ({ expect }) => {
    const pair = await makePair(house());
    await pair.write('second');
    const gated = { ...quickPlan, steps: [{ weight: 10, soak: '1s', gate: true }, { weight: 100 }] };
    const rollout = await pair.start('v2', gated);
    await rollout.until('waiting-for-approval');
    await house()
      .db.updateTable('canary_rollout')
      .set({
        config: JSON.stringify({ environment: pair.fleet.environment, revision: pair.first, base: null }),
      })
      .where('operation_id', '=', rollout.operationId)
      .execute();
    await rollout.decide('approve');
    const { outcome, reason } = await rollout.result();
    expect({ outcome, reason }).toMatchObject({ outcome: 'failed' });
    expect(reason).toContain('no recorded approval of step 1 for this very plan');
    await pair.close();
  });
});

describe('what cannot be asked for', () => {
  test('is refused with the remedy', async ({ expect }) => {
    const pair = await makePair(house());
    const elsewhere = await makePair(house());
    await pair.fleet.write('without the backend');
    await expect(pair.start()).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining(`give it that backend with steered: true`),
    });
    await expect(pair.start('v2', quickPlan, 'f'.repeat(64))).rejects.toThrow('holdfast config history');
    await house().db.deleteFrom('config_report').where('proxy', '=', pair.proxy).execute();
    await house().db.deleteFrom('fleet_proxy').where('proxy', '=', pair.proxy).execute();
    await expect(pair.start()).rejects.toThrow(
      `enrol it first: holdfast proxy enroll ${pair.proxy} --env ${pair.fleet.environment}`,
    );
    await Promise.all([pair.close(), elsewhere.close()]);
  });
});

describe('while everything that works for it is taken away', () => {
  test('workers that come back go on where the proxy is configured', async ({ expect }) => {
    const pair = await makePair(house());
    const second = await pair.write('second');
    pair.fleet.behave(pair.proxy, 'slow');
    const rollout = await pair.start();
    await rollout.until('configuring');
    await house().stopWorkers();
    pair.fleet.behave(pair.proxy, 'prove');
    await house().startWorkers();
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
    expect(pair.fleet.history(pair.proxy)).toEqual([pair.first, second]);
    await pair.close();
  });

  test('workers that come back go on on the way back', async ({ expect }) => {
    const pair = await makePair(house());
    const second = await pair.write('second');
    const rollout = await pair.start('v2', longSoak);
    await rollout.until('soaking');
    pair.fleet.behave(pair.proxy, 'silent');
    await rollout.command('abort', { reason: 'changed my mind' });
    await expect.poll(() => typesOf(rollout), { timeout: 20_000 }).toContain('ended.aborted');
    await house().stopWorkers();
    pair.fleet.behave(pair.proxy, 'prove');
    await house().startWorkers();
    expect(await rollout.result()).toMatchObject({ outcome: 'aborted' });
    expect(pair.fleet.history(pair.proxy)).toEqual([pair.first, second, pair.first]);
    await expectUndone(house(), rollout, 'aborted');
    await pair.close();
  });

  test('a run that is terminated is made safe with its configuration', async ({ expect }) => {
    const pair = await makePair(house());
    const second = await pair.write('second');
    const rollout = await pair.start('v2', longSoak);
    await rollout.until('soaking');
    await house().startReconciliation();
    await rollout.handle.terminate('a test');
    await expect.poll(async () => (await rollout.row()).status, { timeout: 40_000 }).toBe('closed');
    const { summary } = await rollout.row();
    expect(summary).toContain('v1 serves, v2 is removed');
    expect(summary).toContain('it is proven to be back');
    expect(pair.fleet.history(pair.proxy)).toEqual([pair.first, second, pair.first]);
    await expectUndone(house(), rollout, 'failed');
    expect(await pair.shown()).toMatchObject({ owner: null, isProven: true });
    await pair.close();
  });

  test('a rollback that is terminated half way is finished', async ({ expect }) => {
    const pair = await makePair(house());
    const second = await pair.write('second');
    await (await pair.start()).result();
    pair.fleet.behave(pair.proxy, 'silent');
    const rollback = await startRollback(house(), pair.service);
    if (rollback === null) throw new Error('the rollback was refused');
    await expect.poll(() => typesOf(rollback), { timeout: 20_000 }).toContain('rollback.swapped');
    await rollback.handle.terminate('a test');
    pair.fleet.behave(pair.proxy, 'prove');
    await expect.poll(async () => (await rollback.row()).status, { timeout: 40_000 }).toBe('closed');
    expect(await rollback.row()).toMatchObject({ outcome: 'rolled-back' });
    expect(pair.fleet.history(pair.proxy)).toEqual([pair.first, second, pair.first]);
    await pair.close();
  });
});
