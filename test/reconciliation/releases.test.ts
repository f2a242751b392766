import { describe, test } from 'vitest';
import { houseForFile } from '../support/rollout-house/for-file.ts';
import { makeService, quickPlan, startRollback, startRollout } from '../support/rollout-house/people.ts';
import { desiredWeights, effectsOf, runningOf } from '../support/rollout-house/proof.ts';

const house = houseForFile();
const within = { timeout: 25_000, interval: 100 };

describe.concurrent('releases', () => {
  test('retire after their warm window: off the proxy, proven, then stopped', async ({ expect }) => {
    await house().startReconciliation();
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', { ...quickPlan, warmWindow: '2s' });
    await rollout.result();
    expect(runningOf(house(), service)).toHaveLength(2);
    await expect.poll(() => runningOf(house(), service), within).toEqual([`default.${service}.v2.0`]);
    expect(await desiredWeights(house(), service)).toEqual({ v2: 100 });
    const effects = effectsOf(house(), service);
    expect(effects.slice(effects.indexOf('applied v2=100'))).toEqual([
      'applied v2=100',
      'verified',
      `stop default.${service}.v1.0`,
    ]);
    expect(await startRollback(house(), service)).toBeNull();
  });

  test('that serve are started again when they are killed', async ({ expect }) => {
    await house().startReconciliation();
    const service = await makeService(house());
    house().runtime.kill(`default.${service}.v1.0`);
    await expect.poll(() => runningOf(house(), service), within).toEqual([`default.${service}.v1.0`]);
  });

  test('that come back at another address get their requests there', async ({ expect }) => {
    const service = await makeService(house());
    const id = `default.${service}.v1.0`;
    const { db } = house();
    const stale = JSON.stringify([{ id, address: '127.0.0.1:1' }]);
    await db.updateTable('release').set({ instances: stale }).where('service', '=', service).execute();
    const split = {
      servers: [{ name: 'v1-0', version: 'v1', address: '127.0.0.1:1', weight: 100, healthPath: '/' }],
      stable: 'v1',
      canary: null,
      leaseMs: null,
    };
    await db
      .updateTable('traffic_target')
      .set({ split: JSON.stringify(split) })
      .where('service', '=', service)
      .execute();
    await house().startReconciliation();
    const addresses = async () => {
      const row = await db
        .selectFrom('traffic_target')
        .select('split')
        .where('service', '=', service)
        .executeTakeFirstOrThrow();
      return row.split.servers.map((server) => server.address);
    };
    const status = await house().runtime.inspect(id);
    await expect.poll(addresses, within).toEqual([status.state === 'running' ? status.address : '']);
    expect(await desiredWeights(house(), service)).toEqual({ v1: 100 });
  });

  test('that belong to nobody are stopped, and the others are left alone', async ({ expect }) => {
    await house().startReconciliation();
    const service = await makeService(house());
    const start = { runtime: 'process' as const, command: ['run'] };
    const zombie = { id: `default.${service}.v9.0`, project: 'default', service, version: 'v9', start };
    await house().runtime.start(zombie, AbortSignal.timeout(1000));
    await expect.poll(() => runningOf(house(), service), within).toEqual([`default.${service}.v1.0`]);
  });
});

describe.concurrent('a rollback while the release before is warm', () => {
  test('puts it back within seconds, removes the other, and cannot be done twice', async ({ expect }) => {
    const service = await makeService(house());
    await (await startRollout(house(), service)).result();
    const rollback = await startRollback(house(), service);
    expect(await startRollback(house(), service)).toBeNull();
    expect(await rollback?.handle.result()).toMatchObject({ outcome: 'rolled-back' });
    expect(await desiredWeights(house(), service)).toEqual({ v1: 100 });
    expect(runningOf(house(), service)).toEqual([`default.${service}.v1.0`]);
    expect(await startRollback(house(), service)).toBeNull();
    expect((await rollback?.events())?.map((event) => event.type)).toEqual([
      'rollback.swapped',
      'release.removed',
    ]);
  });

  test('works while an emergency stop holds', async ({ expect }) => {
    const service = await makeService(house());
    await (await startRollout(house(), service)).result();
    const stop = { project: 'default', service, reason: 'it burns', stopped_by: 'bob' };
    await house().db.insertInto('emergency_stop').values(stop).execute();
    const rollback = await startRollback(house(), service);
    expect(await rollback?.handle.result()).toMatchObject({ outcome: 'rolled-back' });
    expect(await desiredWeights(house(), service)).toEqual({ v1: 100 });
  });

  test('ends as failed, with the newer version serving, when nothing runs of the older one', async ({
    expect,
  }) => {
    const service = await makeService(house());
    await (await startRollout(house(), service)).result();
    await house()
      .db.updateTable('release')
      .set({ instances: '[]' })
      .where('service', '=', service)
      .where('version', '=', 'v1')
      .execute();
    const rollback = await startRollback(house(), service);
    expect(await rollback?.handle.result()).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('v2 still serves'),
    });
    expect(house().agent.weights(service)).toEqual({ v2: 100, v1: 0 });
    expect(await rollback?.row()).toMatchObject({ status: 'closed', outcome: 'failed' });
  });
});
