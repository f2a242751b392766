import { describe, test } from 'vitest';
import { makeFleet, type Fleet } from '../../support/fleet-house/fleet.ts';
import { quickConfigPlan, startConfigRollout } from '../../support/fleet-house/rollouts.ts';
import { houseForFile } from '../../support/rollout-house/for-file.ts';

const house = houseForFile();
const everybody = { waves: [], rest: { bake: '0' } };
const regions = [{ region: 'eu' }, { region: 'us' }];

/** An environment of two that runs a first revision; a second one is its head. */
async function runningFleet(): Promise<{ fleet: Fleet; first: string; second: string }> {
  const fleet = await makeFleet(house().db, regions);
  const first = await fleet.write('first');
  await (await startConfigRollout(house(), { environment: fleet.environment, plan: everybody })).result();
  return { fleet, first, second: await fleet.write('second') };
}

function behave(fleet: Fleet, behaviour: 'prove' | 'slow'): void {
  for (const proxy of fleet.proxies) fleet.behave(proxy, behaviour);
}

async function liveRevision({ environment }: Fleet): Promise<string | null> {
  const row = await house()
    .db.selectFrom('config_environment as e')
    .innerJoin('config_order as o', (join) =>
      join.onRef('o.environment', '=', 'e.name').onRef('o.sequence', '=', 'e.live_sequence'),
    )
    .select('o.revision')
    .where('e.name', '=', environment)
    .executeTakeFirstOrThrow();
  return row.revision;
}

describe.concurrent('what comes late', { timeout: 60_000 }, () => {
  test('a cancel while the last wave is applied brings it back, and nothing settles', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    behave(fleet, 'slow');
    const plan = { ...everybody, apply: '1m' };
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan });
    await rollout.until('applying');
    await rollout.handle.cancel();
    behave(fleet, 'prove');
    expect(await rollout.result()).toMatchObject({ outcome: 'cancelled' });
    expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([first]));
    expect(await liveRevision(fleet)).toBe(first);
    fleet.close();
  });

  test('a freeze that began while people were asked holds the wave that they approved', async ({
    expect,
  }) => {
    const { fleet, first, second } = await runningFleet();
    const plan = { ...quickConfigPlan, waves: [], rest: { bake: '0', approval: true } };
    const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan });
    await rollout.until('waiting-for-approval');
    const until = new Date(Date.now() + 4000).toISOString();
    const since = new Date(Date.now() - 1000).toISOString();
    await fleet.configure({ freezes: [{ since, until, reason: 'the weekend' }] });
    await rollout.decide('approve');
    await rollout.until('waiting-for-window');
    expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([first]));
    expect(await rollout.result()).toMatchObject({ outcome: 'completed' });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until));
    expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([second]));
    fleet.close();
  });

  test('who enrols after a rollback that did not complete gets what it brought', async ({ expect }) => {
    const { fleet, first } = await runningFleet();
    await (await startConfigRollout(house(), { environment: fleet.environment, plan: everybody })).result();
    behave(fleet, 'slow');
    const back = await startConfigRollout(house(), { environment: fleet.environment, mode: 'rollback' });
    await back.until('applying');
    await back.handle.cancel();
    behave(fleet, 'prove');
    expect(await back.result()).toMatchObject({ outcome: 'cancelled' });
    expect(await liveRevision(fleet)).toBe(first);
    // Once more goes to the same, and not to what it went back from.
    const again = await startConfigRollout(house(), { environment: fleet.environment, mode: 'rollback' });
    expect(await again.result()).toMatchObject({ outcome: 'completed' });
    expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([first]));
    fleet.close();
  });

  test('there is no going back to what never was there', async ({ expect }) => {
    const { fleet, second } = await runningFleet();
    const { environment } = fleet;
    await expect(
      startConfigRollout(house(), { environment, mode: 'rollback', revision: second }),
    ).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringMatching(/never ran .* roll it out/),
    });
    fleet.close();
  });
});
