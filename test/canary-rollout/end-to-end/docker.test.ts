import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { CanaryPlanInput } from '../../../contracts/canary-plan.ts';
import type { CanaryRollout } from '../../../contracts/canary-rollout.ts';
import type { Operation } from '../../../contracts/operation.ts';
import type { Service } from '../../../contracts/service.ts';
import { plan } from '../../crash/stories.ts';
import { importWebImages } from '../../support/docker-image.ts';
import { startDockerEngine, type TestEngine } from '../../support/docker.ts';
import { until } from '../../support/haproxy.ts';
import { openLane, type Lane } from '../../support/lane.ts';

/** Versions that are images, on a real engine behind a real HAProxy under load; told as a story, each test goes on after the one before. */
const steps: CanaryPlanInput['steps'] = [{ weight: 20, soak: '2s' }, { weight: 100 }];
let engine: TestEngine;
let lane: Lane;

beforeAll(async () => {
  engine = await startDockerEngine();
  await importWebImages(engine.client, 'shop', { v1: 200, v2: 200, v3: 500, v5: 200, v6: 200, v7: 200 });
  const bundle = path.join(tmpdir(), `holdfast-crash-bundle-${process.pid}.cjs`);
  lane = await openLane({ temporal: inject('temporal'), bundle, dockerHost: engine.host });
  await lane.startWorker();
  // What keeps the stable version running, and takes away what is kept warm no longer.
  const workflowId = 'reconciliation';
  await lane.client.workflow.start('reconciliation', { workflowId, taskQueue: 'operations' });
  await lane.api('PUT', '/services/shop', {
    name: 'shop',
    start: { runtime: 'docker', image: 'shop:{version}', containerPort: 8080 },
    traffic: { provider: 'haproxy', backend: 'web' },
    plan: { ...plan, steps },
  });
}, 120_000);

afterAll(async () => {
  await lane?.close();
  await engine?.close();
}, 60_000);

test('the first release is one container and gets everything', { timeout: 90_000 }, async () => {
  const ended = await run('v1');

  expect(ended.state).toMatchObject({ outcome: 'promoted', compared: false });
  expect(await images()).toEqual(['shop:v1']);
  await untilServed('v1');
});

test('a good version is promoted and no request is lost', { timeout: 90_000 }, async () => {
  const before = lane.load.snapshot();

  const ended = await run('v2');

  expect(ended.state.outcome).toBe('promoted');
  await until('v1 is no longer kept', async () => (await images()).join() === 'shop:v2', 60_000);
  const { failed, versions } = lane.load.snapshot();
  expect(failed).toBe(before.failed);
  expect(versions['v2']?.requests).toBeGreaterThan(0);
});

test('a bad version is rolled back, and only its own answers were bad', { timeout: 90_000 }, async () => {
  const before = lane.load.snapshot();

  const ended = await run('v3');

  expect(ended.state).toMatchObject({ outcome: 'rolled-back', weight: 0 });
  const { failed, versions } = lane.load.snapshot();
  expect(versions['v3']?.failed).toBeGreaterThan(0);
  expect(failed - before.failed).toBe(versions['v3']?.failed);
  expect(await images()).toEqual(['shop:v2']);
  await untilServed('v2');
});

test('an image that the engine does not have fails cleanly', { timeout: 90_000 }, async () => {
  const ended = await run('v4');

  expect(ended.state).toMatchObject({ outcome: 'failed', weight: 0 });
  expect(ended.state.reason).toContain('the engine has no image shop:v4');
  expect(await images()).toEqual(['shop:v2']);
  expect((await service()).stableVersion).toBe('v2');
  expect(await serving()).toEqual([['v2-0', '100']]);
});

test(
  'the engine dies in mid-rollout: it says what it waits for, and ends once the engine is back',
  { timeout: 180_000 },
  async () => {
    const { id } = await start('v5', { steps: [{ weight: 20, soak: '15s' }], timeouts: { deadline: '20s' } });
    await until('it soaks', async () => (await show(id)).state.phase === 'soaking', 60_000);
    await engine.halt();
    await until('it says what it waits for', async () => (await operation(id)).stuck !== null, 90_000);

    // The stable version died with the engine: that the traffic is back on it cannot be proven yet.
    expect((await operation(id)).stuck).toContain('server v2-0 is down');
    expect((await show(id)).state.phase).toBe('rolling-back');
    await engine.resume();
    const ended = await untilClosed(id);

    // Whether the canary was seen to fail before the stable version was is up to the order in which they died.
    expect(['aborted', 'rolled-back']).toContain(ended.state.outcome);
    expect(ended.state.weight).toBe(0);
    await untilServed('v2');
    expect(await images()).toEqual(['shop:v2']);
  },
);

test(
  'a rollout that begins while the engine is dead fails, and leaves nothing once it is back',
  { timeout: 180_000 },
  async () => {
    await engine.halt();
    const { id } = await start('v6');
    await until('it says what it waits for', async () => (await operation(id)).stuck !== null, 90_000);
    expect((await operation(id)).stuck).toContain('the Docker engine does not answer');
    await until('it undoes itself', async () => (await show(id)).state.phase === 'rolling-back', 90_000);
    await engine.resume();
    const ended = await untilClosed(id);

    expect(ended.state.outcome).toBe('failed');
    expect(ended.state.reason).toContain('the Docker engine does not answer');
    expect((await operation(id)).stuck).toBeNull();
    await untilServed('v2');
    expect(await images()).toEqual(['shop:v2']);
  },
);

test('afterwards a rollout works as before', { timeout: 90_000 }, async () => {
  const ended = await run('v7');

  expect(ended.state.outcome).toBe('promoted');
  await untilServed('v7');
});

async function run(version: string): Promise<CanaryRollout> {
  const { id } = await start(version);
  return untilClosed(id);
}

function start(version: string, changes: object = {}): Promise<CanaryRollout> {
  const asked = { service: 'shop', version, plan: { ...plan, steps, ...changes } };
  return lane.api('POST', '/canary-rollouts', asked);
}

function show(id: string): Promise<CanaryRollout> {
  return lane.api('GET', `/canary-rollouts/${id}`);
}

function operation(id: string): Promise<Operation> {
  return lane.api('GET', `/operations/${id}`);
}

function service(): Promise<Service> {
  return lane.api('GET', '/services/shop');
}

async function untilClosed(id: string): Promise<CanaryRollout> {
  const deadline = Date.now() + 80_000;
  for (;;) {
    const rollout = await show(id);
    if (rollout.status === 'closed') return rollout;
    if (Date.now() > deadline)
      throw new Error(`${rollout.version} hangs in ${rollout.state.phase}: ${rollout.state.reason}`);
    await delay(100);
  }
}

/** The version answers well, as the load generator sees it. */
function untilServed(version: string): Promise<void> {
  const wellOf = (): number => {
    const seen = lane.load.snapshot().versions[version];
    return seen === undefined ? 0 : seen.requests - seen.failed;
  };
  const before = wellOf();
  return until(`${version} serves`, () => wellOf() > before + 20, 60_000);
}

/** What `docker ps` shows. */
async function images(): Promise<string[]> {
  return (await engine.client.listContainers()).map(({ Image }) => Image).sort();
}

/** Servers of the proxy with their weights. */
async function serving(): Promise<[string, string][]> {
  const states = await lane.proxy.ask('show servers state web');
  const rows = states.split('\n').filter((line) => /^\d+ /.test(line));
  return rows.map((row) => {
    const columns = row.split(' ');
    return [columns[3] ?? '', columns[7] ?? ''];
  });
}
