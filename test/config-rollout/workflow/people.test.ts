import { describe, test } from 'vitest';
import { makeFleet, type Fleet } from '../../support/fleet-house/fleet.ts';
import { quickConfigPlan, startConfigRollout } from '../../support/fleet-house/rollouts.ts';
import { houseForFile } from '../../support/rollout-house/for-file.ts';

const house = houseForFile();
const everybody = { waves: [], rest: { bake: '0' } };
const long = { ...quickConfigPlan, waves: [{ regions: ['eu'], bake: '10m' }] };

async function runningFleet(): Promise<{ fleet: Fleet; first: string }> {
  const fleet = await makeFleet(house().db, [{ region: 'eu' }, { region: 'us' }, { region: 'us' }]);
  const first = await fleet.write('first');
  const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: everybody });
  await rollout.result();
  return { fleet, first };
}

describe.concurrent('commands', () => {
  test('skip-bake goes on, a second one on the same state is stale', async ({ expect }) => {
    const { fleet } = await runningFleet();
    const second = await fleet.write('second');
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: long });
    const { revision } = await rollout.until('baking');
    expect(await rollout.command('skip-bake')).toMatchObject({ state: 'accepted' });
    expect(await rollout.command('skip-bake', { revision })).toMatchObject({ state: 'refused' });
    expect(await rollout.result()).toMatchObject({ outcome: 'completed' });
    expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([second]));
    fleet.close();
  });

  test('a pause stops the time of a bake and not its checks', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    await fleet.write('second');
    const plan = { ...quickConfigPlan, waves: [{ regions: ['eu'], bake: '3s' }] };
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan });
    await rollout.until('baking');
    expect(await rollout.command('pause')).toMatchObject({ state: 'accepted' });
    await rollout.until('paused');
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect(await rollout.state()).toMatchObject({ phase: 'paused', wave: 0 });
    fleet.carry(fleet.proxies[0] ?? '', { requests: 1000, errors: 900, latency: { 40: 1000 } });
    expect(await rollout.result()).toMatchObject({ outcome: 'rolled-back' });
    expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([first]));
    fleet.close();
  });

  test('resume goes on where it was', async ({ expect }) => {
    const { fleet } = await runningFleet();
    const second = await fleet.write('second');
    const rollout = await startConfigRollout(house(), { environment: fleet.environment });
    await rollout.until('baking');
    await rollout.command('pause');
    await rollout.until('paused');
    expect(await rollout.command('pause')).toMatchObject({ state: 'refused' });
    expect(await rollout.command('resume')).toMatchObject({ state: 'accepted' });
    expect(await rollout.result()).toMatchObject({ outcome: 'completed' });
    expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([second]));
    fleet.close();
  });

  test('an abort brings every wave back and says by whom', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    await fleet.write('second');
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: long });
    await rollout.until('baking');
    expect(await rollout.command('abort', { reason: 'not today' })).toMatchObject({ state: 'accepted' });
    const { outcome, reason } = await rollout.result();
    expect(outcome).toBe('aborted');
    expect(reason).toContain('ann: not today; every proxy is back');
    expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([first]));
    fleet.close();
  });

  test('a rollback brings everybody to what was live before, without bake', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    await fleet.write('second');
    await (await startConfigRollout(house(), { environment: fleet.environment, plan: everybody })).result();
    const back = await startConfigRollout(house(), { environment: fleet.environment, mode: 'rollback' });
    expect(await back.result()).toMatchObject({ outcome: 'completed' });
    expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([first]));
    fleet.close();
  });

  test('the deadline of the plan ends it', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    await fleet.write('second');
    const plan = { ...long, deadline: '2s' };
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan });
    const { outcome, reason } = await rollout.result();
    expect(outcome).toBe('aborted');
    expect(reason).toContain('the deadline of the rollout passed');
    expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([first]));
    fleet.close();
  });
});

describe.concurrent('a wave that asks people', () => {
  const gated = { ...quickConfigPlan, rest: { bake: '0', approval: true } };

  test('waits for somebody else than who started it, and goes on', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    const second = await fleet.write('second');
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: gated });
    await rollout.until('waiting-for-approval');
    await rollout.decide('approve', 'ann').catch(() => undefined);
    const running = await fleet.running();
    expect(Object.values(running).filter((revision) => revision === first).length).toBeGreaterThan(0);
    await rollout.decide('approve');
    expect(await rollout.result()).toMatchObject({ outcome: 'completed' });
    expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([second]));
    fleet.close();
  });

  test('is rejected: what was brought goes back', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    await fleet.write('second');
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: gated });
    await rollout.decide('reject');
    expect(await rollout.result()).toMatchObject({ outcome: 'rejected' });
    expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([first]));
    fleet.close();
  });

  test('is not opened by a result or a signal that somebody typed', async ({ expect }) => {
    const { fleet } = await runningFleet();
    await fleet.write('second');
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: gated });
    await rollout.until('waiting-for-approval');
    await rollout.handle.signal('approve', { approved: true });
    await rollout.handle.signal('approval', { decisionId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' });
    const types = async () => (await rollout.events()).map(({ type }) => type);
    await expect.poll(types).toContain('approval.attempt');
    expect(await rollout.state()).toMatchObject({ phase: 'waiting-for-approval' });
    await rollout.command('abort', { reason: 'enough' });
    await rollout.result();
    fleet.close();
  });
});

describe.concurrent('a freeze window', () => {
  const frozen = () => {
    const since = new Date(Date.now() - 1000).toISOString();
    return { since, until: new Date(Date.now() + 3600_000).toISOString(), reason: 'holidays' };
  };

  test('holds the first wave for as long as it lasts', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    await fleet.write('second');
    await fleet.configure({ freezes: [frozen()] });
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: everybody });
    const { waitingFor } = await rollout.until('waiting-for-window');
    expect(waitingFor).toContain('the end of a freeze');
    expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([first]));
    await rollout.command('abort', { reason: 'holidays it is' });
    expect(await rollout.result()).toMatchObject({ outcome: 'aborted' });
    fleet.close();
  });

  test('does not hold who says so', async ({ expect }) => {
    const { fleet } = await runningFleet();
    await fleet.write('second');
    await fleet.configure({ freezes: [frozen()] });
    const asked = { environment: fleet.environment, plan: everybody, ignoreFreeze: true };
    expect(await (await startConfigRollout(house(), asked)).result()).toMatchObject({ outcome: 'completed' });
    fleet.close();
  });
});

describe.concurrent('proxies that fall silent', () => {
  const partition = (policy: 'wait' | 'proceed' | 'abort', budgetPercent = 0) => ({
    ...quickConfigPlan,
    ...{ waves: [], rest: { bake: '0' } },
    partition: { policy, after: '1s', budgetPercent },
  });

  test('are waited for, and have it when they are back', async ({ expect }) => {
    const { fleet } = await runningFleet();
    const [lost = ''] = fleet.proxies;
    const second = await fleet.write('second');
    fleet.behave(lost, 'silent');
    const rollout = await startConfigRollout(house(), {
      environment: fleet.environment,
      plan: partition('wait'),
    });
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(await rollout.state()).toMatchObject({ phase: 'applying' });
    fleet.behave(lost, 'prove');
    expect(await rollout.result()).toMatchObject({ outcome: 'completed' });
    expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([second]));
    fleet.close();
  });

  test('are gone on without within the budget, and converge later', async ({ expect }) => {
    const { fleet } = await runningFleet();
    const [lost = ''] = fleet.proxies;
    const second = await fleet.write('second');
    fleet.behave(lost, 'silent');
    const plan = partition('proceed', 40);
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan });
    expect(await rollout.result()).toMatchObject({ outcome: 'completed' });
    expect((await fleet.running())[lost]).not.toBe(second);
    fleet.behave(lost, 'prove');
    await expect.poll(async () => (await fleet.running())[lost]).toBe(second);
    fleet.close();
  });

  test('fail it beyond the budget, and never take the bad one when they are back', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    const [lost = ''] = fleet.proxies;
    const second = await fleet.write('second');
    fleet.behave(lost, 'silent');
    const plan = partition('abort');
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan });
    expect(await rollout.result()).toMatchObject({ outcome: 'rolled-back' });
    fleet.behave(lost, 'prove');
    await expect.poll(async () => (await fleet.running())[lost]).toBe(first);
    expect(fleet.history(lost)).not.toContain(second);
    fleet.close();
  });
});
