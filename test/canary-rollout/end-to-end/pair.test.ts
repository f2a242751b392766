import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { CanaryRollout } from '../../../contracts/canary-rollout.ts';
import { commandOf } from '../../crash/stories.ts';
import { environment, openPairHouse, type PairHouse } from './pair-house.ts';

// Code and configuration as one release, on a real HAProxy under load; a story, each test goes on after the one before.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let house: PairHouse;
let first: string | null;

beforeAll(async () => {
  house = await openPairHouse();
  first = await house.proxy.servedHash();
});
afterAll(() => house?.close());

const served = async (): Promise<unknown> => (await house.proxy.ask(house.port, '/text'))?.body;
const config = { environment };

test('a version whose configuration the node cannot load is rolled back before a request went to it', async () => {
  await house.write('bad', (document) => ({
    ...document,
    frontends: document.frontends.map((web) => ({
      ...web,
      binds: [...web.binds, { address: 'node', port: house.taken }],
    })),
  }));
  const rollout = await house.run({ version: 'v2', config });
  expect(rollout.state).toMatchObject({ outcome: 'rolled-back', weight: 0, step: -1 });
  expect(rollout.state.reason).toContain('was not taken');
  expect(await served()).toBe('first');
  expect(await house.proxy.servedHash()).toBe(first);
  expect(house.load.snapshot()).toMatchObject({ failed: 0, versions: { v1: { failed: 0 } } });
  expect(house.load.snapshot().versions).not.toHaveProperty('v2');
});

test('a bad version is taken off first, then its configuration', async () => {
  await house.write('second');
  const start = { runtime: 'process' as const, command: commandOf(0.6) };
  const rollout = await house.run({ version: 'v2', start, config });
  expect(rollout.state).toMatchObject({ outcome: 'rolled-back', weight: 0, step: 0 });
  const types = (await house.events(rollout.id)).map(({ type }) => type);
  expect(types.indexOf('traffic.restored')).toBeLessThan(types.indexOf('config.restored'));
  expect(await served()).toBe('first');
  expect(await house.proxy.servedHash()).toBe(first);
  const { failed, versions } = house.load.snapshot();
  expect(failed).toBe(versions['v2']?.failed);
});

test('a good pair is promoted, judged over the reload, and no request is lost', async () => {
  const before = house.load.snapshot();
  const rollout = await house.run({ version: 'v3', config });
  expect(rollout.state).toMatchObject({ outcome: 'promoted', configHash: await house.proxy.servedHash() });
  expect(rollout.state.reason).toContain('v3 serves everything with configuration');
  expect(await served()).toBe('second');
  expect(house.load.snapshot().failed).toBe(before.failed);
});

test('one rollback restores both, proves both, and no request is lost', async () => {
  const before = house.load.snapshot();
  const { id } = await house.ask<CanaryRollout>('POST', '/services/shop/rollback', { reason: 'worse' });
  const rollback = await house.ended(id);
  expect(rollback.state.outcome).toBe('rolled-back');
  expect(await served()).toBe('first');
  expect(await house.proxy.servedHash()).toBe(first);
  const restored = (await house.events(id)).find(({ type }) => type === 'config.restored');
  expect(restored?.detail).toMatchObject({ hash: first, release: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(house.load.snapshot().failed).toBe(before.failed);
});

test('what does not fit together is refused at the start, with the remedy', async () => {
  const unknown = house.run({ version: 'v4', config: { environment: 'staging' } });
  await expect(unknown).rejects.toThrow(
    /400 .*is enrolled in production; name that one: --config-env production/,
  );
  await house.write('without', (document) => ({
    ...document,
    backends: [{ name: 'shop', servers: [{ name: 's1', address: '127.0.0.1:9' }] }],
  }));
  await expect(house.run({ version: 'v4', config })).rejects.toThrow(/400 .*with steered: true/);
});
