import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import type { ConfigPlanInput } from '../../contracts/config-plan.ts';
import { makeFleet, type Fleet } from '../support/fleet-house/fleet.ts';
import {
  quickConfigPlan,
  startConfigRollout,
  type StartedConfigRollout,
} from '../support/fleet-house/rollouts.ts';
import { houseForFile } from '../support/rollout-house/for-file.ts';
import { historiesFolder } from './histories.ts';

/** Records how config rollouts go in this version; never again for a version that was released. */
const house = houseForFile();
const checkout = path.resolve(import.meta.dirname, '../..');
const everybody = { waves: [], rest: { bake: '0' } };
const byRegion: ConfigPlanInput = {
  ...quickConfigPlan,
  waves: [{ regions: ['eu'], bake: '1s' }],
  rest: { bake: '10m', approval: true },
};

async function runningFleet(): Promise<Fleet> {
  const fleet = await makeFleet(house().db, [{ region: 'eu' }, { region: 'us' }, { region: 'us' }]);
  await fleet.write('first');
  await (await startConfigRollout(house(), { environment: fleet.environment, plan: everybody })).result();
  await fleet.write('second');
  return fleet;
}

test('completed, with an approval, a pause and a skipped bake', { timeout: 60_000 }, async () => {
  const { environment, close } = await runningFleet();
  const rollout = await startConfigRollout(house(), { environment, plan: byRegion });
  await rollout.until('baking');
  await rollout.command('pause');
  await rollout.until('paused');
  await rollout.command('resume');
  await rollout.decide('approve');
  await rollout.until(({ wave, phase }) => wave === 1 && phase === 'baking');
  await rollout.command('skip-bake');
  await save(rollout, 'config-completed', 'completed');
  close();
});

test('rolled back from the second wave', { timeout: 60_000 }, async () => {
  const fleet = await runningFleet();
  const { environment } = fleet;
  const rollout = await startConfigRollout(house(), { environment });
  await rollout.until(({ wave, phase }) => wave === 1 && phase === 'baking');
  fleet.carry(fleet.proxies[2] ?? '', { requests: 1000, errors: 900, latency: { 40: 1000 } });
  await save(rollout, 'config-rolled-back', 'rolled-back');
  fleet.close();
});

test('aborted while it waits for the end of a freeze', { timeout: 60_000 }, async () => {
  const fleet = await runningFleet();
  const { environment } = fleet;
  const since = new Date(Date.now() - 1000).toISOString();
  const until = new Date(Date.now() + 3600_000).toISOString();
  await fleet.configure({ freezes: [{ since, until, reason: 'holidays' }] });
  const rollout = await startConfigRollout(house(), { environment });
  await rollout.until('waiting-for-window');
  await rollout.command('abort', { reason: 'holidays it is' });
  await save(rollout, 'config-aborted', 'aborted');
  fleet.close();
});

test('refused by the policy', { timeout: 60_000 }, async () => {
  const fleet = await runningFleet();
  await fleet.write('dangling', (document) => ({ ...document, backends: [] }));
  await save(
    await startConfigRollout(house(), { environment: fleet.environment }),
    'config-rejected',
    'rejected',
  );
  fleet.close();
});

test('a rollback to what was before', { timeout: 60_000 }, async () => {
  const fleet = await runningFleet();
  const { environment } = fleet;
  await (await startConfigRollout(house(), { environment, plan: everybody })).result();
  await save(
    await startConfigRollout(house(), { environment, mode: 'rollback' }),
    'config-rollback',
    'completed',
  );
  fleet.close();
});

test('held by a freeze that began while people were asked', { timeout: 60_000 }, async () => {
  const fleet = await runningFleet();
  const { environment } = fleet;
  const plan = { ...everybody, rest: { bake: '0', approval: true } };
  const rollout = await startConfigRollout(house(), { environment, plan });
  await rollout.until('waiting-for-approval');
  const since = new Date(Date.now() - 1000).toISOString();
  const until = new Date(Date.now() + 3000).toISOString();
  await fleet.configure({ freezes: [{ since, until, reason: 'the weekend' }] });
  await rollout.decide('approve');
  await rollout.until('waiting-for-window');
  await save(rollout, 'config-frozen-at-gate', 'completed');
  fleet.close();
});

test('cancelled while its last wave is applied', { timeout: 60_000 }, async () => {
  const fleet = await runningFleet();
  for (const proxy of fleet.proxies) fleet.behave(proxy, 'slow');
  const plan = { ...everybody, apply: '1m' };
  const rollout = await startConfigRollout(house(), { environment: fleet.environment, plan });
  await rollout.until('applying');
  await rollout.handle.cancel();
  for (const proxy of fleet.proxies) fleet.behave(proxy, 'prove');
  await save(rollout, 'config-cancelled', 'cancelled');
  fleet.close();
});

async function save(rollout: StartedConfigRollout, name: string, outcome: string): Promise<void> {
  expect(await rollout.result()).toMatchObject({ outcome });
  const file = path.join(historiesFolder, manifest.version, `${name}.json`);
  // Traces of failures name the place of the checkout, which is nobody's business.
  const recorded = historyToJSON(await rollout.handle.fetchHistory()).replaceAll(`${checkout}/`, '');
  await writeFile(file, `${recorded}\n`);
}
