import { describe, test, vi } from 'vitest';
import { makePair, settle } from '../../support/fleet-house/pair.ts';
import { quickConfigPlan, startConfigRollout } from '../../support/fleet-house/rollouts.ts';
import { houseForFile } from '../../support/rollout-house/for-file.ts';
import { quickPlan, startRollback, startRollout, typesOf } from '../../support/rollout-house/people.ts';
import { desiredWeights, expectUndone } from '../../support/rollout-house/proof.ts';

// Many stories at once on few cores, each of which waits for two others.
vi.setConfig({ testTimeout: 90_000 });

const house = houseForFile();
const longSoak = { ...quickPlan, steps: [{ weight: 10, soak: '1m' }, { weight: 100 }] };

describe.concurrent('a rollback after the promotion', () => {
  test('restores both, and proves both hashes', async ({ expect }) => {
    const pair = await makePair(house());
    const before = (await pair.shown()).running;
    const second = await pair.write('second');
    await (await pair.start()).result();
    const rollback = await startRollback(house(), pair.service);
    expect(await rollback?.result()).toMatchObject({ outcome: 'rolled-back' });
    const { summary } = (await rollback?.row()) ?? { summary: '' };
    expect(summary).toContain('v1 serves again instead of v2');
    expect(summary).toContain(`configuration ${pair.first.slice(0, 12)} (hash ${before?.hash.slice(0, 12)})`);
    expect(summary).toMatch(/for v1 \(hash [0-9a-f]{12}\): it is proven to be back$/);
    expect((await pair.shown()).running).toMatchObject({ revision: pair.first, hash: before?.hash });
    expect(pair.fleet.history(pair.proxy)).toEqual([pair.first, second, pair.first]);
    expect(await desiredWeights(house(), pair.service)).toEqual({ v1: 100 });
    if (rollback !== null)
      expect(await typesOf(rollback)).toEqual(['rollback.swapped', 'config.restored', 'release.removed']);
    await pair.close();
  });

  test('leaves a configuration alone that somebody has rolled out since', async ({ expect }) => {
    const pair = await makePair(house());
    await pair.write('second');
    await (await pair.start()).result();
    const third = await pair.write('third');
    await settle(house(), pair.fleet);
    const rollback = await startRollback(house(), pair.service);
    await rollback?.result();
    expect((await rollback?.row())?.summary).toContain(
      'was given another configuration since: it keeps that',
    );
    expect((await pair.shown()).running).toMatchObject({ revision: third });
    await pair.close();
  });

  test('of a version that came alone touches no configuration', async ({ expect }) => {
    const pair = await makePair(house());
    const second = await pair.write('second');
    await (await pair.start()).result();
    await (await startRollout(house(), pair.service, 'v3')).result();
    const rollback = await startRollback(house(), pair.service);
    expect(await rollback?.result()).toMatchObject({ outcome: 'rolled-back' });
    expect(pair.fleet.history(pair.proxy)).toEqual([pair.first, second]);
    await pair.close();
  });

  test('gives the requests back at once and waits with the configuration for who has it', async ({
    expect,
  }) => {
    const pair = await makePair(house());
    await pair.write('second');
    await (await pair.start()).result();
    const third = await pair.write('third');
    const { environment } = pair.fleet;
    const other = await startConfigRollout(house(), {
      environment,
      plan: { ...quickConfigPlan, rest: { bake: '1m' }, waves: [] },
    });
    await other.until('baking');
    const rollback = await startRollback(house(), pair.service);
    await expect
      .poll(() => pair.agent.weights(pair.service), { timeout: 10_000 })
      .toMatchObject({ v1: 100, v2: 0 });
    await expect
      .poll(async () => (await rollback?.row())?.stuck, { timeout: 20_000 })
      .toContain(`is held by ${other.operationId}`);
    await other.command('skip-bake');
    await other.result();
    expect(await rollback?.result()).toMatchObject({ outcome: 'rolled-back' });
    expect((await pair.shown()).running).toMatchObject({ revision: third });
    await pair.close();
  });
});

describe.concurrent('two who want the configuration of one proxy', () => {
  test('a version that comes second is told which config rollout has it', async ({ expect }) => {
    const pair = await makePair(house());
    await pair.write('second');
    const plan = { ...quickConfigPlan, waves: [], rest: { bake: '1m' } };
    const other = await startConfigRollout(house(), { environment: pair.fleet.environment, plan });
    await other.until('baking');
    const rollout = await pair.start();
    const { outcome, reason } = await rollout.result();
    expect(outcome).toBe('failed');
    expect(reason).toContain(`is held by ${other.operationId}`);
    await expectUndone(house(), rollout, 'failed');
    expect((await pair.shown()).owner).toBe(other.operationId);
    await other.command('abort', { reason: 'enough' });
    await other.result();
    await pair.close();
  });

  test('a config rollout that comes second is told which version has it', async ({ expect }) => {
    const pair = await makePair(house());
    const rollout = await pair.start('v2', longSoak, await pair.write('second'));
    await rollout.until('soaking');
    await pair.write('third');
    const other = await startConfigRollout(house(), { environment: pair.fleet.environment });
    const { outcome, reason } = await other.result();
    expect(outcome).toBe('failed');
    expect(reason).toContain(`is held by ${rollout.operationId}`);
    await rollout.command('abort', { reason: 'enough' });
    await rollout.result();
    await pair.close();
  });

  test('a configuration that has changed since the start is not overwritten', async ({ expect }) => {
    const pair = await makePair(house());
    const second = await pair.write('second');
    house().sicken(pair.service, 'HTTP 503');
    const rollout = await pair.start('v2', {
      ...quickPlan,
      timeouts: { ...quickPlan.timeouts, health: '1m' },
    });
    await rollout.until('health-check');
    const third = await pair.write('third');
    await settle(house(), pair.fleet);
    house().sicken(pair.service, null);
    expect(await rollout.result()).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('is another one than at the start'),
    });
    expect(pair.fleet.history(pair.proxy)).toEqual([pair.first, third]);
    expect(pair.fleet.history(pair.proxy)).not.toContain(second);
    await pair.close();
  });
});
