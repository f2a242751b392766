import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCanaryRolloutActivities } from '../../../activities/canary-rollout/index.ts';
import type { WatchInput, WatchResult } from '../../../activities/canary-rollout/types.ts';
import { createWatch, type WatchClock } from '../../../activities/canary-rollout/watch.ts';
import type { CanaryPlan } from '../../../contracts/canary-plan.ts';
import { connectUnwalled, type Db } from '../../../db/connect.ts';
import { insertRollout } from '../../../db/canary-rollout/start.ts';
import { freezePlan } from '../../../domain/canary-rollout/plan.ts';
import { startWatch } from '../../../domain/canary-rollout/watch.ts';
import { createMemoryProbe } from '../../../providers/probe/memory.ts';
import { createMemoryRuntime } from '../../../providers/runtime/memory.ts';
import { createMemoryTraffic } from '../../../providers/traffic/memory.ts';
import { testDatabase, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
let db: Db;

beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url);
});

afterAll(async () => {
  await db.destroy();
  await database.close();
});

const checks = { interval: '10s', window: '20s', failureLimit: 0 };
const longSoak = freezePlan({ steps: [{ weight: 10, soak: '60s' }], checks });
const gatedPlan = freezePlan({
  steps: [{ weight: 10, soak: '60s', gate: true }, { weight: 100 }],
  checks,
});

/** A canary at 10 % that is being watched, with a clock that the test moves by a second a tick. */
async function watched(
  options: { onTick?: (tick: number) => void; errors?: number; plan?: CanaryPlan } = {},
) {
  const plan = options.plan ?? longSoak;
  const service = `svc-${ulid().toLowerCase()}`;
  const operationId = ulid();
  const start = { runtime: 'process', command: ['run'] };
  const spec = JSON.stringify({
    start,
    traffic: { provider: 'haproxy', proxy: 'local', backend: service },
    health: { path: '/', timeoutMs: 100 },
    instances: 1,
    plan: null,
  });
  const none = { previous_version: null, warm_until: null };
  await db
    .insertInto('service')
    .values({ project: 'default', name: service, spec, stable_version: 'v1', ...none })
    .execute();
  const instances = JSON.stringify([{ id: 'i', address: '127.0.0.1:1' }]);
  const stable = {
    project: 'default',
    service,
    version: 'v1',
    start: JSON.stringify(start),
    instances,
    retire_at: null,
  };
  await db.insertInto('release').values(stable).execute();
  const asked = {
    operationId,
    project: 'default',
    service,
    version: 'v2',
    principal: 'ann',
    key: ulid(),
    fingerprint: 'f',
  };
  await insertRollout(db, { ...asked, start: null, plan, defaultPlan: plan, reason: null });

  const traffic = {
    ...createMemoryTraffic({ [service]: 'roundrobin' }),
    // A whole window at once: the clock of the counters is not the one that the test moves.
    buckets: async (_: unknown, after: number, until: number) =>
      Array.from({ length: 2 * (until - after) }, (_each, index) => ({
        second: after + 1 + Math.floor(index / 2),
        version: index % 2 === 0 ? 'v1' : 'v2',
        sessions: 100,
        requests: 100,
        errors: index % 2 === 0 ? 0 : (options.errors ?? 0),
        up: 1,
        latency: { '30': 100 },
      })),
  };
  const target = { project: 'default', service, proxy: 'local', backend: service };
  const { token: owned } = await traffic.acquire(target, operationId);
  const servers = [
    { name: 'v1-0', version: 'v1', address: '127.0.0.1:1', weight: 90, healthPath: '/' },
    { name: 'v2-0', version: 'v2', address: '127.0.0.1:2', weight: 10, healthPath: '/' },
  ];
  const split = { servers, stable: 'v1', canary: 'v2', leaseMs: 15_000 };
  const { token } = await traffic.setSplit({
    target,
    owner: operationId,
    token: owned,
    changeId: 'a',
    split,
  });
  const input: WatchInput = { operationId, token, plan, soakMs: 60_000, state: startWatch(), muted: [] };

  const environment = new MockActivityEnvironment({ attempt: 1 });
  const beats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => beats.push(details));
  let ticks = 0;
  let nowMs = 0;
  const clock: WatchClock = {
    now: () => nowMs,
    async pause(ms) {
      nowMs += ms;
      ticks += 1;
      options.onTick?.(ticks);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  const runtime = createMemoryRuntime();
  const tools = { db, traffic, runtimes: { process: runtime, docker: runtime }, probe: createMemoryProbe() };
  const { watchRollout } = createWatch(tools, clock);
  const run = (given: WatchInput = input): Promise<WatchResult> => environment.run(watchRollout, given);
  return { run, input, traffic, target, environment, beats, tools, ticks: () => ticks };
}

describe('the watch', () => {
  test('beats every tick with all that another attempt needs, and comes back at the end of the soak', async () => {
    const { run, beats, ticks } = await watched();
    const result = await run();
    expect(result).toMatchObject({ kind: 'soaked', lastCheck: { verdict: 'pass' } });
    expect(result.state.soakedMs).toBeGreaterThanOrEqual(60_000);
    expect(beats).toHaveLength(ticks() + 1);
    expect(beats[30]).toMatchObject({ state: { soakedMs: expect.any(Number) as number, failures: 0 } });
  });

  test('answers what it has seen when it is cancelled', async () => {
    const cancelAt = 25;
    const house = await watched({
      onTick: (tick) =>
        tick === cancelAt &&
        house.environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true })),
    });
    const result = await house.run();
    expect(result).toMatchObject({ kind: 'interrupted', lastCheck: { verdict: 'pass' } });
    expect(result.state.soakedMs).toBeGreaterThanOrEqual(20_000);
  });

  test('fails so that another attempt goes on when its worker shuts down', async () => {
    const house = await watched({
      onTick: (tick) =>
        tick === 5 &&
        house.environment.cancel(
          'WORKER_SHUTDOWN',
          new ActivityCancellationDetails({ workerShutdown: true }),
        ),
    });
    await expect(house.run()).rejects.toMatchObject({ type: 'unavailable', nonRetryable: false });
  });

  test('goes on from what the attempt before left in its heartbeat', async () => {
    const { run, environment, ticks } = await watched();
    const left = { state: { ...startWatch(), soakedMs: 55_000, sinceCheckMs: 5000 }, lastCheck: null };
    (environment.context.info as { heartbeatDetails: unknown }).heartbeatDetails = left;
    expect(await run()).toMatchObject({ kind: 'soaked' });
    expect(ticks()).toBeLessThan(10);
  });

  test('comes back with the failure of the canary', async () => {
    const { run } = await watched({ errors: 30 });
    expect(await run()).toMatchObject({ kind: 'failed', lastCheck: { verdict: 'fail' } });
  });

  test('comes back as lost when it may not renew the lease any more', async () => {
    const stopped = await watched();
    stopped.traffic.stop(stopped.target, 'it burns');
    expect(await stopped.run()).toMatchObject({ kind: 'lost', cause: 'stopped' });
    const fenced = await watched();
    expect(await fenced.run({ ...fenced.input, token: fenced.input.token - 1 })).toMatchObject({
      kind: 'lost',
      cause: 'fenced',
    });
    const tripped = await watched();
    tripped.traffic.trip(tripped.target, 'lease-lost', 'too late');
    expect(await tripped.run()).toMatchObject({ kind: 'lost', cause: 'lease-lost' });
  });
});

describe('a step that needs an approval', () => {
  test('moves nothing without one that is recorded, whatever the workflow was made to believe', async () => {
    const { tools, input, environment, traffic, target } = await watched({ plan: gatedPlan });
    const before = (await traffic.read(target)).split;
    const { shiftTraffic, promoteRelease } = createCanaryRolloutActivities(tools);
    const change = {
      operationId: input.operationId,
      token: input.token,
      changeId: 'b',
      verifyMs: 1000,
      leaseMs: 15_000,
      step: 1,
    };
    await expect(environment.run(shiftTraffic, { ...change, weight: 100 })).rejects.toMatchObject({
      code: 'not-approved',
    });
    await expect(environment.run(promoteRelease, change)).rejects.toMatchObject({ code: 'not-approved' });
    expect((await traffic.read(target)).split).toEqual(before);
  });
});
