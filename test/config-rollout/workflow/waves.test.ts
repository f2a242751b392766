import { describe, test, type ExpectStatic } from 'vitest';
import { makeFleet, type Fleet } from '../../support/fleet-house/fleet.ts';
import { quickConfigPlan, startConfigRollout } from '../../support/fleet-house/rollouts.ts';
import { houseForFile } from '../../support/rollout-house/for-file.ts';

const house = houseForFile();
const regions = [{ region: 'eu' }, { region: 'eu' }, { region: 'us' }, { region: 'us' }];
/** The first wave is known by name. */
const byRegion = { ...quickConfigPlan, waves: [{ regions: ['eu'], bake: '1s' }] };

/** An environment of four that runs a first revision. */
async function runningFleet(members: Parameters<typeof makeFleet>[1] = regions) {
  const fleet = await makeFleet(house().db, members);
  const first = await fleet.write('first');
  const rollout = await startConfigRollout(house(), {
    environment: fleet.environment,
    plan: { waves: [], rest: { bake: '0' } },
  });
  const { outcome } = await rollout.result();
  if (outcome !== 'completed')
    throw new Error(`the first rollout ended ${JSON.stringify(await rollout.row())}`);
  return { fleet, first };
}

function expectAll(expect: ExpectStatic, running: Record<string, string | null>, revision: string | null) {
  expect(new Set(Object.values(running))).toEqual(new Set([revision]));
}

function inWave(fleet: Fleet, region: 'eu' | 'us'): readonly string[] {
  return region === 'eu' ? fleet.proxies.slice(0, 2) : fleet.proxies.slice(2);
}

describe.concurrent('waves', () => {
  test('a good revision reaches all, the first wave before the second', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    const second = await fleet.write('second');
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: byRegion });
    await rollout.until(({ wave, phase }) => wave === 0 && phase === 'baking');
    const midway = await fleet.running();
    expect(inWave(fleet, 'eu').map((proxy) => midway[proxy])).toEqual([second, second]);
    expect(inWave(fleet, 'us').map((proxy) => midway[proxy])).toEqual([first, first]);
    expect(await rollout.result()).toMatchObject({ outcome: 'completed' });
    expectAll(expect, await fleet.running(), second);
    const types = (await rollout.events()).map(({ type }) => type);
    expect(types).toEqual([
      ...['rollout.started', 'revision.validated'],
      ...['wave.ordered', 'wave.proven', 'bake.began', 'wave.baked'],
      ...['wave.ordered', 'wave.proven', 'bake.began', 'wave.baked'],
      'rollout.closed',
    ]);
    expect(await rollout.row()).toMatchObject({ status: 'closed', outcome: 'completed' });
    fleet.close();
  });

  test('a wave that has nobody takes no time', async ({ expect }) => {
    const { fleet } = await runningFleet();
    const second = await fleet.write('second');
    const plan = { ...quickConfigPlan, waves: [{ regions: ['nowhere'], bake: '1h' }, ...byRegion.waves] };
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan });
    expect(await rollout.result()).toMatchObject({ outcome: 'completed' });
    expectAll(expect, await fleet.running(), second);
    const bakes = (await rollout.events()).filter(({ type }) => type === 'bake.began');
    expect(bakes.map(({ summary }) => summary)).toEqual(['wave 2 bakes', 'wave 3 bakes']);
    fleet.close();
  });

  test('a proxy that refuses stops it at its wave, and the wave goes back', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    fleet.behave(fleet.proxies[1] ?? '', 'refuse');
    await fleet.write('bad');
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: byRegion });
    const { outcome, reason } = await rollout.result();
    expect(outcome).toBe('rolled-back');
    expect(reason).toContain('the twin was told so');
    for (const proxy of inWave(fleet, 'us')) expect(fleet.history(proxy)).toEqual([first]);
    expect(fleet.history(fleet.proxies[0] ?? '').at(-1)).toBe(first);
    fleet.close();
  });

  test('errors while it bakes bring every wave back, the newest first', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    await fleet.write('worse');
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: byRegion });
    await rollout.until(({ wave, phase }) => wave === 1 && phase === 'baking');
    fleet.carry(fleet.proxies[3] ?? '', { requests: 1000, errors: 900, latency: { 40: 1000 } });
    const { outcome, reason } = await rollout.result();
    expect(outcome).toBe('rolled-back');
    expect(reason).toMatch(
      /wave 2 at its checks: the error rate is .* above the limit of 5 %; every proxy is back/,
    );
    expectAll(expect, await fleet.running(), first);
    const back = (await rollout.events()).filter(({ type }) => type === 'wave.ordered-back');
    expect(back.map(({ summary }) => summary.slice(0, 6))).toEqual(['wave 2', 'wave 1']);
    fleet.close();
  });

  test('missing counts fail a wave', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    for (const proxy of fleet.proxies) fleet.carry(proxy, null);
    await fleet.write('unseen');
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: byRegion });
    const { outcome, reason } = await rollout.result();
    expect(outcome).toBe('rolled-back');
    expect(reason).toContain('2 of 2 proxies send no counts');
    expectAll(expect, await fleet.running(), first);
    fleet.close();
  }, 90_000);

  test('the first revision that an environment ever gets goes back to the operators’ files', async ({
    expect,
  }) => {
    const fleet = await makeFleet(house().db, regions);
    const [proven = '', refusing = ''] = fleet.proxies;
    fleet.behave(refusing, 'refuse');
    const bad = await fleet.write('bad');
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: byRegion });
    expect(await rollout.result()).toMatchObject({ outcome: 'rolled-back' });
    expect(fleet.history(proven)).toEqual([bad, null]);
    fleet.close();
  });

  test('what the policy or the proxy itself is against touches nobody', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    await fleet.write('dangling', (document) => ({ ...document, backends: [] }));
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: byRegion });
    const { outcome, reason } = await rollout.result();
    expect(outcome).toBe('rejected');
    expect(reason).toContain('the policy is against it');
    for (const proxy of fleet.proxies) expect(fleet.history(proxy)).toEqual([first]);
    fleet.close();
  });

  test('what the environment expects is asked of a real proxy before the first wave', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    const request = { port: 8080, method: 'GET', host: 'shop.example', path: '/ping' };
    await fleet.configure({ expectations: [{ request, status: 200 }] });
    await fleet.write('moved', (document) => ({
      ...document,
      frontends: document.frontends.map((frontend) => ({
        ...frontend,
        routes: (frontend.routes ?? []).filter(({ name }) => name !== 'ping'),
      })),
    }));
    await fleet.configure({ expectations: [{ request, route: 'ping' }] });
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: byRegion });
    const { outcome, reason } = await rollout.result();
    expect(outcome).toBe('rejected');
    expect(reason).toContain('GET shop.example/ping: route none instead of ping');
    for (const proxy of fleet.proxies) expect(fleet.history(proxy)).toEqual([first]);
    fleet.close();
  });

  test('who enrols while it runs has it in the end', async ({ expect }) => {
    const { fleet } = await runningFleet();
    const second = await fleet.write('second');
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan: byRegion });
    await rollout.until('baking');
    await fleet.enrol('us');
    expect(await rollout.result()).toMatchObject({ outcome: 'completed' });
    await expect
      .poll(() => fleet.running().then((running) => new Set(Object.values(running))))
      .toEqual(new Set([second]));
    fleet.close();
  });
});
