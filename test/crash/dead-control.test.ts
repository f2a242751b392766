import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import type { CanaryRollout } from '../../contracts/canary-rollout.ts';
import { openLane, type Lane } from '../support/lane.ts';
import { observeEffects, type EffectObserver } from '../support/effects.ts';
import { commandOf, plan, serviceSpec } from './stories.ts';

/** Those who judge are paused or dead: the canary must not stay, and nobody who comes back may raise it again. */
const leaseMs = 3000;
const longSoak = { ...plan, steps: [{ weight: 20, soak: '10m' }], lease: '3s' };
const bundle = path.join(tmpdir(), `holdfast-crash-bundle-${process.pid}.cjs`);
let lane: Lane;
let observer: EffectObserver;

beforeEach(async () => {
  lane = await openLane({ temporal: inject('temporal'), bundle });
  await lane.api('PUT', '/services/shop', serviceSpec());
  observer = observeEffects(lane.proxy.socket, 'web', lane.home);
}, 60_000);

afterEach(async () => {
  observer.stop();
  await lane.close();
}, 60_000);

describe('a paused worker', () => {
  test(
    'comes back after its lease is lost and undoes the rollout instead of going on',
    { timeout: 180_000 },
    async () => {
      const worker = await firstRelease();
      const id = await startCanary(longSoak);
      await until(id, (rollout) => rollout.state.phase === 'soaking');

      process.kill(worker, 'SIGSTOP');
      await untilWeight(0, leaseMs + 4000);
      process.kill(worker, 'SIGCONT');

      const ended = await until(id, (rollout) => rollout.status === 'closed');
      expect(ended.state.outcome).toBe('rolled-back');
      expect(observer.weightsOf('v1')).toEqual([0, 20, 0]);
    },
  );

  test('holding an old token cannot raise the weight', { timeout: 180_000 }, async () => {
    const first = await firstRelease();
    process.kill(first, 'SIGKILL');
    // Paused right before the second shift: the step before has passed, its lease runs out while the worker sleeps.
    const named = { name: 'before shiftTraffic', occurrence: 2 };
    const sleeper = await lane.startWorker({ at: 0, named, signal: 'SIGSTOP' });
    const steps = [
      { weight: 20, soak: '1s' },
      { weight: 60, soak: '10m' },
    ];
    const id = await startCanary({ ...longSoak, steps });
    await untilPoint(sleeper.points, 'before shiftTraffic', 2);
    await untilWeight(0, leaseMs + 4000);
    process.kill(sleeper.pid, 'SIGCONT');

    const ended = await until(id, (rollout) => rollout.status === 'closed');
    expect(ended.state.outcome).toBe('rolled-back');
    expect(observer.weightsOf('v1')).toEqual([0, 20, 0]);
  });
});

describe('a killed worker', () => {
  test(
    'that was just calling off the watch of a gate loses neither approval nor rollout',
    { timeout: 180_000 },
    async () => {
      process.kill(await firstRelease(), 'SIGKILL');
      // The watches of two soaks, then that of the gate: it has ended, and dies before it can say so.
      const named = { name: 'after watchRollout', occurrence: 3 };
      const dying = await lane.startWorker({ at: 0, named, signal: 'SIGKILL' });
      const id = await startCanary(plan);
      const { state } = await until(id, (rollout) => rollout.state.gate !== null);
      await lane.reviewer('POST', `/canary-rollouts/${id}/decisions`, {
        decision: 'approve',
        subject: state.gate?.subject,
      });
      expect(await dying.gone).toBe('SIGKILL');
      await lane.startWorker();

      const ended = await until(id, (rollout) => rollout.status === 'closed');
      expect(ended.state.outcome).toBe('promoted');
      expect(observer.weightsOf('v1')).toEqual([0, 20, 50, 100]);
    },
  );
});

describe('with every worker dead', () => {
  test('the agent takes the canary off by itself', { timeout: 120_000 }, async () => {
    const worker = await firstRelease();
    const id = await startCanary(longSoak);
    await until(id, (rollout) => rollout.state.phase === 'soaking');

    process.kill(worker, 'SIGKILL');

    await untilWeight(0, leaseMs + 4000);
    expect(observer.weightsOf('v1')).toEqual([0, 20, 0]);
  });

  test(
    'an emergency stop takes the canary off at once and holds until it is released',
    { timeout: 180_000 },
    async () => {
      const worker = await firstRelease();
      const id = await startCanary({ ...longSoak, lease: '10m' });
      await until(id, (rollout) => rollout.state.phase === 'soaking');
      process.kill(worker, 'SIGKILL');

      await lane.api('POST', '/emergency-stop', { service: 'shop', reason: 'drill' });
      await untilWeight(0, 3000);

      const again = await lane.startWorker();
      const ended = await until(id, (rollout) => rollout.status === 'closed');
      expect(ended.state.outcome).toBe('stopped');
      await expect(startCanary(longSoak, 'v2')).rejects.toThrow('409');
      await lane.api('POST', '/emergency-stop/release', { service: 'shop', reason: 'drill is over' });
      const next = await startCanary(longSoak, 'v2');
      await until(next, (rollout) => rollout.state.phase === 'soaking');
      expect(observer.weightsOf('v1')).toEqual([0, 20, 0]);
      await again.stop();
    },
  );
});

async function firstRelease(): Promise<number> {
  const worker = await lane.startWorker();
  await until(await startCanary(plan, 'v0'), (rollout) => rollout.status === 'closed');
  return worker.pid;
}

async function startCanary(frozen: object, version = 'v1'): Promise<string> {
  const start = { runtime: 'process', command: commandOf(0) };
  return (
    await lane.api<CanaryRollout>('POST', '/canary-rollouts', {
      service: 'shop',
      version,
      start,
      plan: frozen,
    })
  ).id;
}

async function until(id: string, done: (rollout: CanaryRollout) => boolean): Promise<CanaryRollout> {
  const deadline = Date.now() + 90_000;
  for (;;) {
    const rollout = await lane.api<CanaryRollout>('GET', `/canary-rollouts/${id}`);
    if (done(rollout)) return rollout;
    if (rollout.status === 'closed' || Date.now() > deadline) {
      throw new Error(
        `${rollout.version} is ${rollout.status}, ${rollout.state.phase}: ${rollout.state.reason}`,
      );
    }
    await delay(100);
  }
}

async function untilWeight(weight: number, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (observer.weightsOf('v1').at(-1) !== weight) {
    if (performance.now() > deadline)
      throw new Error(`the canary still has weight ${observer.weightsOf('v1').at(-1)} after ${withinMs} ms`);
    await delay(20);
  }
}

async function untilPoint(points: readonly string[], name: string, occurrence: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (points.filter((point) => point === name).length < occurrence) {
    if (Date.now() > deadline) throw new Error(`the worker never reached ${name} a ${occurrence}. time`);
    await delay(50);
  }
}
