import { test } from 'vitest';
import { makeFleet } from '../../support/fleet-house/fleet.ts';
import { startConfigRollout } from '../../support/fleet-house/rollouts.ts';
import { houseForFile } from '../../support/rollout-house/for-file.ts';

/** Alone in its file: it stops the whole project. */
const house = houseForFile();

test('an emergency stop of the project lets no further wave begin', async ({ expect }) => {
  const fleet = await makeFleet(house().db, [{}, {}, {}]);
  const { environment } = fleet;
  const first = await fleet.write('first');
  await (
    await startConfigRollout(house(), { environment, plan: { waves: [], rest: { bake: '0' } } })
  ).result();
  await fleet.write('second');
  const rollout = await startConfigRollout(house(), { environment });
  await rollout.until('baking');
  await rollout.command('pause');
  await rollout.until('paused');
  const stop = { project: 'default', service: '*', reason: 'fire', stopped_by: 'bob' };
  await house().db.insertInto('emergency_stop').values(stop).execute();
  try {
    await rollout.command('resume');
    const { outcome, reason } = await rollout.result();
    expect(outcome).toBe('aborted');
    expect(reason).toContain('an emergency stop of the project by bob holds: fire');
  } finally {
    await house().db.deleteFrom('emergency_stop').where('service', '=', '*').execute();
  }
  expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([first]));
  fleet.close();
});

test('an emergency stop brings back what bakes in the last wave', async ({ expect }) => {
  const fleet = await makeFleet(house().db, [{}, {}]);
  const { environment } = fleet;
  const first = await fleet.write('first');
  const everybody = { waves: [], rest: { bake: '0' } };
  await (await startConfigRollout(house(), { environment, plan: everybody })).result();
  await fleet.write('second');
  const plan = { waves: [], rest: { bake: '10m' }, checks: { interval: '1s' } };
  const rollout = await startConfigRollout(house(), { environment, plan });
  await rollout.until('baking');
  const stop = { project: 'default', service: '*', reason: 'fire', stopped_by: 'bob' };
  await house().db.insertInto('emergency_stop').values(stop).execute();
  try {
    const { outcome, reason } = await rollout.result();
    expect(outcome).toBe('aborted');
    expect(reason).toContain('an emergency stop of the project by bob holds: fire');
  } finally {
    await house().db.deleteFrom('emergency_stop').where('service', '=', '*').execute();
  }
  expect(new Set(Object.values(await fleet.running()))).toEqual(new Set([first]));
  fleet.close();
});
