import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { makePair } from '../support/fleet-house/pair.ts';
import { houseForFile } from '../support/rollout-house/for-file.ts';
import { startRollback, type StartedRollout } from '../support/rollout-house/people.ts';
import { historiesFolder } from './histories.ts';

/** Records how versions with a configuration go in this version; never again for a version that was released. */
vi.setConfig({ testTimeout: 90_000 });
const house = houseForFile();

test('promoted with its configuration, and both taken back', async () => {
  const pair = await makePair(house());
  await pair.write('second');
  await save(await pair.start(), 'pair-promoted', 'promoted');
  const rollback = await startRollback(house(), pair.service);
  if (rollback === null) throw new Error('the rollback was refused');
  await save(rollback, 'pair-rollback', 'rolled-back');
  await pair.close();
});

test('rolled back with its configuration', async () => {
  const pair = await makePair(house());
  await pair.write('second');
  pair.agent.behave(pair.service, 'v2', { errorRate: 0.3 });
  await save(await pair.start(), 'pair-rolled-back', 'rolled-back');
  await pair.close();
});

test('rolled back as the proxy does not take the configuration', async () => {
  const pair = await makePair(house());
  await pair.write('second');
  pair.fleet.behave(pair.proxy, 'refuse');
  await save(await pair.start(), 'pair-not-taken', 'rolled-back');
  await pair.close();
});

async function save(rollout: StartedRollout, name: string, outcome: string): Promise<void> {
  expect(await rollout.result()).toMatchObject({ outcome });
  const file = path.join(historiesFolder, manifest.version, `${name}.json`);
  await writeFile(file, `${historyToJSON(await rollout.handle.fetchHistory())}\n`);
}
