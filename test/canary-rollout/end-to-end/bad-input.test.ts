import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { CanaryRollout } from '../../../contracts/canary-rollout.ts';
import type { Operation } from '../../../contracts/operation.ts';
import type { ProxyList } from '../../../contracts/proxy.ts';
import { commandOf, plan, serviceSpec } from '../../crash/stories.ts';
import { countInstances } from '../../support/effects.ts';
import { until } from '../../support/haproxy.ts';
import { openLane, type Lane } from '../../support/lane.ts';

/** What people get wrong and what may be dead at the start, on real parts: a clean failed operation, 100 % on stable, nothing left. */
let lane: Lane;

beforeAll(async () => {
  const bundle = path.join(tmpdir(), `holdfast-crash-bundle-${process.pid}.cjs`);
  lane = await openLane({ temporal: inject('temporal'), bundle });
  await lane.startWorker();
  await lane.api('PUT', '/services/shop', serviceSpec());
  const first = await run('shop', 'v0', commandOf(0));
  expect(first.state.outcome).toBe('promoted');
}, 120_000);

afterAll(() => lane.close(), 60_000);

describe('a version', () => {
  test.each([
    ['that never becomes healthy', [...commandOf(0), '--unhealthy'], 'was not healthy within'],
    ['whose command does not exist', ['/no/such/program'], 'no such program'],
    ['that ends at once', ['sh', '-c', 'echo out of luck; exit 3'], 'out of luck'],
  ])('%s fails cleanly', { timeout: 90_000 }, async (_, command, reason) => {
    const ended = await run('shop', `v${Date.now()}`, command, { timeouts: { health: '2s' } });

    expect(ended.state).toMatchObject({ outcome: 'failed', weight: 0 });
    expect(ended.state.reason).toContain(reason);
    await expectUntouched();
  });
});

describe('a backend', () => {
  test.each([
    ['that HAProxy does not know', 'nowhere', 'nowhere'],
    ['with a static algorithm', 'fixed', 'roundrobin'],
  ])('%s is refused with the remedy', { timeout: 90_000 }, async (_, backend, remedy) => {
    await lane.api('PUT', `/services/${backend}`, {
      ...serviceSpec(),
      name: backend,
      traffic: { provider: 'haproxy', backend },
    });
    const ended = await run(backend, 'v1', commandOf(0));

    expect(ended.state.outcome).toBe('failed');
    expect(ended.state.reason).toContain(remedy);
    expect([...countInstances(lane.home).keys()].filter((id) => id.includes(`.${backend}.`))).toEqual([]);
  });
});

describe('with a part dead', () => {
  test('HAProxy: it fails cleanly and the next one works', { timeout: 120_000 }, async () => {
    await lane.proxy.killHaproxy('SIGKILL');
    // What the agent has not seen yet is another story, the one below.
    await until('the agent notices', async () => !(await haproxyIsReachable()));
    const ended = await run('shop', 'v21', commandOf(0));
    await lane.proxy.startHaproxy();

    expect(ended.state.outcome).toBe('failed');
    expect(ended.state.reason).toContain('start HAProxy');
    expect(countInstances(lane.home).size).toBe(1);
    expect((await run('shop', 'v22', commandOf(0))).state.outcome).toBe('promoted');
  });

  test(
    'HAProxy in mid-rollout: nothing is removed before it is back and proven',
    { timeout: 120_000 },
    async () => {
      const soak = { steps: [{ weight: 20, soak: '1m' }, { weight: 100 }], timeouts: { deadline: '10m' } };
      const { id } = await start('shop', 'v24', commandOf(0), soak);
      const operation = () => lane.api<Operation>('GET', `/operations/${id}`);
      await until('it soaks', async () => (await show(id)).state.phase === 'soaking', 60_000);
      await lane.proxy.killHaproxy('SIGKILL');
      await until('the agent notices', async () => !(await haproxyIsReachable()));
      const { revision, step } = (await show(id)).state;
      await lane.api('POST', `/canary-rollouts/${id}/commands`, {
        kind: 'abort',
        revision,
        step,
        reason: 'it is dead',
      });
      await until('it says what it waits for', async () => (await operation()).stuck !== null, 60_000);

      expect((await show(id)).state.phase).toBe('rolling-back');
      expect((await operation()).stuck).toContain('HAProxy does not answer');
      expect([...countInstances(lane.home).keys()]).toContain('default.shop.v24.0');
      await lane.proxy.startHaproxy();
      expect((await ended(id)).state).toMatchObject({ outcome: 'aborted', weight: 0 });
      expect([...countInstances(lane.home).keys()]).not.toContain('default.shop.v24.0');
    },
  );

  test('the proxy agent: it fails cleanly and names it', { timeout: 120_000 }, async () => {
    await lane.proxy.killAgent('SIGKILL');
    // After this silence the agent counts as dead.
    await delay(11_000);
    const ended = await run('shop', 'v31', commandOf(0));
    await lane.proxy.startAgent();

    expect(ended.state.outcome).toBe('failed');
    expect(ended.state.reason).toContain('agent');
  });
});

async function run(
  service: string,
  version: string,
  command: string[],
  changes: object = {},
): Promise<CanaryRollout> {
  const { id } = await start(service, version, command, changes);
  return ended(id);
}

function start(service: string, version: string, command: string[], changes: object): Promise<CanaryRollout> {
  const steps = [{ weight: 20, soak: '1s' }, { weight: 100 }];
  return lane.api('POST', '/canary-rollouts', {
    service,
    version,
    start: { runtime: 'process', command },
    plan: { ...plan, steps, ...changes },
  });
}

function show(id: string): Promise<CanaryRollout> {
  return lane.api('GET', `/canary-rollouts/${id}`);
}

async function ended(id: string): Promise<CanaryRollout> {
  const deadline = Date.now() + 80_000;
  for (;;) {
    const rollout = await show(id);
    if (rollout.status === 'closed') return rollout;
    if (Date.now() > deadline)
      throw new Error(`${rollout.version} hangs in ${rollout.state.phase}: ${rollout.state.reason}`);
    await delay(100);
  }
}

async function haproxyIsReachable(): Promise<boolean> {
  const { items } = await lane.api<ProxyList>('GET', '/../../proxies');
  return items.every((proxy) => proxy.reachable);
}

async function expectUntouched(): Promise<void> {
  const service = await lane.api<{ stableVersion: string }>('GET', '/services/shop');
  expect(service.stableVersion).toBe('v0');
  const states = await lane.proxy.ask('show servers state web');
  const servers = states.split('\n').filter((line) => /^\d+ /.test(line));
  expect(servers.map((line) => [line.split(' ')[3], line.split(' ')[7]])).toEqual([['v0-0', '100']]);
  expect([...countInstances(lane.home).keys()]).toEqual(['default.shop.v0.0']);
}
