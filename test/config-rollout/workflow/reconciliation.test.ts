import { describe, test, type ExpectStatic } from 'vitest';
import { repairConfigRollouts } from '../../../activities/reconciliation/config-rollouts.ts';
import { createTroubles, type Sweeper } from '../../../activities/reconciliation/sweeper.ts';
import { makeFleet, type Fleet } from '../../support/fleet-house/fleet.ts';
import { quickConfigPlan, startConfigRollout } from '../../support/fleet-house/rollouts.ts';
import { houseForFile } from '../../support/rollout-house/for-file.ts';
import { resetToFirstTask } from '../../support/rollout-house/reset.ts';

const house = houseForFile();
/** The machine is shared: it may take long, and not for ever. */
const limit = { timeout: 120_000 };
const within = { timeout: 60_000, interval: 100 };
const everybody = { waves: [], rest: { bake: '0' } };
const byRegion = { ...quickConfigPlan, waves: [{ regions: ['eu'], bake: '1s' }] };
const longBake = { ...quickConfigPlan, waves: [{ regions: ['eu'], bake: '10m' }] };

/** An environment of four, the first two in `eu`, that runs a first revision; a second one is its head. */
async function runningFleet(): Promise<{ fleet: Fleet; first: string; second: string }> {
  await house().startReconciliation();
  const fleet = await makeFleet(
    house().db,
    ['eu', 'eu', 'us', 'us'].map((region) => ({ region })),
  );
  const first = await fleet.write('first');
  await (await startConfigRollout(house(), { environment: fleet.environment, plan: everybody })).result();
  return { fleet, first, second: await fleet.write('second') };
}

async function expectAll(expect: ExpectStatic, fleet: Fleet, revision: string): Promise<void> {
  const seen = async () => [...new Set(Object.values(await fleet.running()))];
  await expect.poll(seen, within).toEqual([revision]);
}

async function ownersOf({ environment }: Fleet): Promise<(string | null)[]> {
  const rows = await house()
    .db.selectFrom('fleet_proxy')
    .select('owner')
    .distinct()
    .where('environment', '=', environment)
    .execute();
  return rows.map(({ owner }) => owner);
}

describe.concurrent('what a run leaves behind', limit, () => {
  test('a rollout that was terminated in its first wave is brought back, and its row says so', async ({
    expect,
  }) => {
    const { fleet, first } = await runningFleet();
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: longBake });
    await rollout.until('baking');
    await rollout.handle.terminate('by hand');
    await expect.poll(async () => (await rollout.row()).status, within).toBe('closed');
    expect(await rollout.row()).toMatchObject({
      outcome: 'failed',
      summary:
        'the workflow was terminated in Temporal; every wave is ordered back; nobody has waited for the proof',
    });
    await expectAll(expect, fleet, first);
    expect((await rollout.events()).at(-1)).toMatchObject({ type: 'run.lost' });
    expect(await ownersOf(fleet)).toEqual([null]);
    fleet.close();
  });

  test('one that was terminated while its last wave bakes brings back every wave', async ({ expect }) => {
    const { fleet, first, second } = await runningFleet();
    const plan = { ...byRegion, rest: { bake: '10m' } };
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan });
    await rollout.until(({ wave, phase }) => wave === 1 && phase === 'baking');
    await expectAll(expect, fleet, second);
    await rollout.handle.terminate('by hand');
    await expect.poll(async () => (await rollout.row()).status, within).toBe('closed');
    await expectAll(expect, fleet, first);
    fleet.close();
  });

  test('one that was terminated before any wave has touched nobody', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    const plan = { ...byRegion, waves: [{ regions: ['eu'], bake: '1s', approval: true }] };
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan });
    await rollout.until('waiting-for-approval');
    await rollout.handle.terminate('by hand');
    await expect.poll(async () => (await rollout.row()).status, within).toBe('closed');
    expect((await rollout.row()).summary).toBe(
      'the workflow was terminated in Temporal; no proxy was touched',
    );
    for (const proxy of fleet.proxies) expect(fleet.history(proxy)).toEqual([first]);
    fleet.close();
  });

  test('a terminated rollback is finished instead', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    await (await startConfigRollout(house(), { environment: fleet.environment, plan: everybody })).result();
    for (const proxy of fleet.proxies) fleet.behave(proxy, 'slow');
    const rollback = await startConfigRollout(house(), { environment: fleet.environment, mode: 'rollback' });
    await rollback.until('applying');
    await rollback.handle.terminate('by hand');
    for (const proxy of fleet.proxies) fleet.behave(proxy, 'prove');
    await expect.poll(async () => (await rollback.row()).status, within).toBe('closed');
    await expectAll(expect, fleet, first);
    fleet.close();
  });

  test('the next rollout goes on from what the lost one was brought back to', async ({ expect }) => {
    const { fleet, first, second } = await runningFleet();
    const lost = await startConfigRollout(house(), { environment: fleet.environment, plan: longBake });
    await lost.until('baking');
    await lost.handle.terminate('by hand');
    await expect.poll(async () => (await lost.row()).status, within).toBe('closed');
    const next = await startConfigRollout(house(), { environment: fleet.environment, plan: byRegion });
    expect(await next.result()).toMatchObject({ outcome: 'completed' });
    await expectAll(expect, fleet, second);
    const [proxy = ''] = fleet.proxies;
    expect(fleet.history(proxy).filter((revision) => revision === second)).toHaveLength(2);
    expect(fleet.history(proxy)).toContain(first);
    fleet.close();
  });
});

describe.concurrent('a run that ends while the sweep looks at it', limit, () => {
  test('is not taken for a lost one', async ({ expect }) => {
    const { fleet, second } = await runningFleet();
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: byRegion });
    await rollout.until('baking');
    const { client } = house();
    const afterItsEnd = {
      workflow: {
        getHandle: (id: string) => ({
          async describe() {
            if (id === rollout.handle.workflowId) await rollout.result();
            return client.workflow.getHandle(id).describe();
          },
        }),
      },
    };
    const sweeper = { ...createTroubles(() => undefined), db: house().db, client: afterItsEnd };
    await repairConfigRollouts(sweeper as unknown as Sweeper);
    expect(await rollout.row()).toMatchObject({ status: 'closed', outcome: 'completed' });
    expect((await rollout.events()).at(-1)).toMatchObject({ type: 'rollout.closed' });
    await expectAll(expect, fleet, second);
    fleet.close();
  });
});

describe.concurrent('what nobody was told', limit, () => {
  test('a recorded start whose workflow was never started is started', async ({ expect }) => {
    const { fleet, second } = await runningFleet();
    const asked = { environment: fleet.environment, plan: byRegion, record: 'only' } as const;
    const rollout = await startConfigRollout(house(), asked);
    await expect.poll(async () => (await rollout.row()).outcome, within).toBe('completed');
    await expectAll(expect, fleet, second);
    fleet.close();
  });

  test('a command that nobody delivered is delivered, once', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: longBake });
    await rollout.until('baking');
    await rollout.recordCommand('abort', { reason: 'unheard' });
    const { outcome, reason } = await rollout.result();
    expect(outcome).toBe('aborted');
    expect(reason).toContain('ann: unheard; every proxy is back');
    const told = (await rollout.events()).filter(({ type }) => type === 'command.abort');
    expect(told).toHaveLength(1);
    await expectAll(expect, fleet, first);
    fleet.close();
  });

  test('a decision that nobody announced is announced', async ({ expect }) => {
    const { fleet, second } = await runningFleet();
    const plan = { ...byRegion, rest: { bake: '0', approval: true } };
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan });
    await rollout.recordDecision('approve');
    expect(await rollout.result()).toMatchObject({ outcome: 'completed' });
    await expectAll(expect, fleet, second);
    fleet.close();
  });

  test('a command to a rollout that has ended is refused', async ({ expect }) => {
    const { fleet } = await runningFleet();
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: longBake });
    await rollout.until('baking');
    const id = await rollout.recordCommand('pause');
    await rollout.handle.terminate('by hand');
    const answer = () =>
      house().db.selectFrom('command').select(['state', 'answer']).where('id', '=', id).executeTakeFirst();
    await expect.poll(answer, within).toEqual({ state: 'refused', answer: 'the operation has ended' });
    fleet.close();
  });
});

describe.concurrent('a run that was reset in Temporal', limit, () => {
  test('orders nobody twice, says so once, and ends as if nothing had been', async ({ expect }) => {
    const { fleet, first, second } = await runningFleet();
    const plan = { ...byRegion, rest: { bake: '4s' } };
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan });
    await rollout.until(({ wave, phase }) => wave === 1 && phase === 'baking');
    await resetToFirstTask(house(), rollout.handle.workflowId);
    await expect.poll(async () => (await rollout.row()).outcome, within).toBe('completed');
    await expectAll(expect, fleet, second);
    for (const proxy of fleet.proxies) expect(fleet.history(proxy)).toEqual([first, second]);
    const events = await rollout.events();
    expect(events.filter(({ type }) => type === 'run.reset')).toHaveLength(1);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)).toMatchObject({ type: 'rollout.closed' });
    fleet.close();
  });

  test('never goes forth again once it had begun to go back', async ({ expect }) => {
    const { fleet, first, second } = await runningFleet();
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: byRegion });
    await rollout.until('baking');
    const [slow = '', other = ''] = fleet.proxies;
    fleet.carry(slow, { requests: 1000, errors: 900, latency: { 40: 1000 } });
    await rollout.until('rolling-back');
    fleet.carry(slow, { requests: 1000, errors: 0, latency: { 40: 1000 } });
    await resetToFirstTask(house(), rollout.handle.workflowId);
    await expect.poll(async () => (await rollout.row()).status, within).toBe('closed');
    expect(await rollout.row()).toMatchObject({ outcome: 'rolled-back' });
    await expectAll(expect, fleet, first);
    expect(fleet.history(other).filter((revision) => revision === second)).toHaveLength(1);
    fleet.close();
  });

  test('changes nothing when its operation has ended', async ({ expect }) => {
    const { fleet, first, second } = await runningFleet();
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: byRegion });
    expect(await rollout.result()).toMatchObject({ outcome: 'completed' });
    await resetToFirstTask(house(), rollout.handle.workflowId);
    expect(await rollout.result()).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('has ended'),
    });
    await expectAll(expect, fleet, second);
    for (const proxy of fleet.proxies) expect(fleet.history(proxy)).toEqual([first, second]);
    expect(await rollout.row()).toMatchObject({ status: 'closed', outcome: 'completed' });
    fleet.close();
  });
});
