import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConfigBundle, ConfigReport } from '../../../contracts/config-bundle.ts';
import { freePort } from '../../../infra/net/ports.ts';
import type { ConfigState } from '../../../proxy-agent/config-bundle/config-state.ts';
import { buildConfigHouse, type ConfigHouse } from '../../support/config-house.ts';
import { until } from '../../support/haproxy.ts';

/** What a crash, or a host that was moved, leaves on the disk; the state is written as the agent would have left it. */
let house: ConfigHouse;
let first: ConfigBundle;

beforeEach(async () => {
  house = await buildConfigHouse();
  first = house.bundle(house.base('first'));
  house.plane.offer(first);
  await house.ended(first);
});
afterEach(() => house.close());

async function restartWith(change: (state: ConfigState) => ConfigState): Promise<void> {
  await house.proxy.killAgent('SIGKILL');
  const path = join(house.proxy.folder, 'agent/config.json');
  const { config } = JSON.parse(readFileSync(path, 'utf8')) as { config: ConfigState };
  writeFileSync(path, JSON.stringify({ format: 1, config: change(config) }));
  // Only what is told from here on counts.
  (house.plane.reports as ConfigReport[]).length = 0;
  await house.proxy.startAgent(house.plane.url);
}

test('a bundle with a port of its own that is served already is proven, and not refused for its own port', async () => {
  const port = await freePort();
  const second = house.bundle(
    house.base('second').replace('    bind ', `    bind 127.0.0.1:${port}\n    bind `),
  );
  house.plane.offer(second);
  expect(await house.ended(second)).toMatchObject({ outcome: 'proven' });

  await restartWith(({ attempted }) => ({ attempted, verdict: null, lastKnownGood: first }));

  expect(await house.ended(second)).toMatchObject({
    outcome: 'proven',
    running: { sequence: second.sequence },
  });
  expect(await house.answer()).toBe('second');
  expect(readFileSync(house.proxy.config, 'utf8')).toContain(`127.0.0.1:${port}`);
});

test('what came live unproven is taken back also when a newer one was refused meanwhile', async () => {
  const live = house.bundle(house.base('live'));
  house.plane.offer(live);
  await house.ended(live);
  const bad = house.bundle(house.base('bad').replace('    bind ', '    bund '));
  const verdict = { outcome: 'refused' as const, failedStep: 'check' as const, failure: 'bund', timings: {} };

  await restartWith(() => ({ attempted: bad, verdict, lastKnownGood: first, owesRestore: true }));

  await until('what was good is served again', async () => (await house.answer()) === 'first', 20_000);
  await until('it is told', () => house.plane.reports.at(-1)?.running?.sequence === first.sequence);
  expect(house.plane.reports.at(-1)).toMatchObject({ outcome: 'refused', drift: null });
});

test('an attempt that is superseded while it is open leaves its restore to the next one', async () => {
  const live = house.bundle(house.base('live'));
  house.plane.offer(live);
  await house.ended(live);
  const bad = house.bundle(house.base('bad').replace('    bind ', '    bund '));
  house.plane.offer(bad);

  await restartWith(({ attempted }) => ({ attempted, verdict: null, lastKnownGood: first }));

  expect(await house.ended(bad)).toMatchObject({ outcome: 'refused' });
  const served = async () => [await house.answer(), house.plane.reports.at(-1)?.running?.sequence];
  // Whichever of the two came first: what HAProxy serves, file and report are at one.
  await expect
    .poll(async () => {
      const [text, sequence] = await served();
      const isAtOne = readFileSync(house.proxy.config, 'utf8').includes(`"${text}"`);
      return isAtOne && (text === 'first' ? sequence === first.sequence : sequence === live.sequence);
    })
    .toBe(true);
});

test('a host that has moved here from another environment takes what is ordered here', async () => {
  const elsewhere = { ...first, environment: 'staging', sequence: 500 };
  await restartWith(({ verdict }) => ({ attempted: elsewhere, verdict, lastKnownGood: elsewhere }));

  const here = house.bundle(house.base('here'));
  house.plane.offer(here);

  expect(await house.ended(here)).toMatchObject({ outcome: 'proven', running: { sequence: here.sequence } });
  expect(await house.answer()).toBe('here');
});
