import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/haproxy.ts';
import { buildHouse, stableOnly, type House } from './house.ts';

const safe = { 'v1-0': 100, 'v2-0': 0 };

describe('acting on the spot', () => {
  let house: House;
  let token: number;

  beforeEach(async () => {
    house = await buildHouse();
    ({ token } = await house.traffic.acquire(house.target, 'one'));
    ({ token } = await setSplit('canary', house.split(50, 60_000)));
    await appliedWeights({ 'v1-0': 50, 'v2-0': 50 });
  });
  afterEach(() => house.close());

  async function setSplit(changeId: string, split: Parameters<House['traffic']['setSplit']>[0]['split']) {
    return house.traffic.setSplit({ target: house.target, owner: 'one', token, changeId, split });
  }

  async function appliedWeights(wanted: Record<string, number>, timeoutMs = 5000): Promise<void> {
    await until(
      `weights ${JSON.stringify(wanted)}`,
      async () => JSON.stringify(await house.weights().catch(() => null)) === JSON.stringify(wanted),
      timeoutMs,
    );
  }

  test('stop works with the API and the agent dead, in the file too, and holds over a restart of both until release', async () => {
    await house.stopApi();
    await house.proxy.killAgent('SIGKILL');

    const stopped = await house.proxy.verb('stop', '--reason', 'pager says so');

    expect(stopped).toMatchObject({ code: 0, stderr: '' });
    expect(await house.weights()).toEqual(safe);
    expect(readFileSync(house.proxy.config, 'utf8')).toMatch(/server v2-0 \S+ weight 0 /);
    await house.startApi();
    await house.proxy.startAgent();
    await until('the API knows', async () => (await house.traffic.read(house.target)).tripped !== null);
    const state = await house.traffic.read(house.target);
    expect(state.stopped).toContain('pager says so');
    expect(state.tripped?.cause).toBe('local-stop');
    await house.traffic.release(house.target, 'one');
    await expect(house.traffic.acquire(house.target, 'two')).rejects.toMatchObject({
      code: 'stopped',
      message: expect.stringContaining('pager says so') as string,
    });
    expect(await house.weights()).toEqual(safe);

    const released = await house.proxy.verb('release', '--reason', 'false alarm');
    expect(released.code).toBe(0);
    await until('it can be acquired again', async () => {
      const acquired = await house.traffic.acquire(house.target, 'two').catch(() => null);
      return acquired !== null;
    });
    expect(await house.weights()).toEqual(safe);
  });

  test('with everything alive stop acts at once, and a change that is already on its way raises nothing', async () => {
    const stopping = house.proxy.verb('stop', '--reason', 'smoke');
    for (let round = 0; round < 20; round++) {
      const next = await setSplit(`race ${round}`, house.split(50 + round, 60_000)).catch(() => null);
      token = next?.token ?? token;
      await sleep(50);
    }
    const stopped = await stopping;

    expect(stopped.code).toBe(0);
    await appliedWeights(safe, 2000);
    for (let look = 0; look < 20; look++) {
      expect(await house.weights()).toEqual(safe);
      await sleep(50);
    }
    await expect(setSplit('later', house.split(90))).rejects.toMatchObject({
      code: expect.stringMatching(/stopped|lease-lost/) as string,
    });
  });

  test('stop without a reason or with HAProxy dead says so, and the mark holds all the same', async () => {
    const silent = await house.proxy.verb('stop');
    await house.proxy.killHaproxy();
    const dead = await house.proxy.verb('stop', '--reason', 'smoke');
    await house.proxy.startHaproxy();

    expect(silent).toMatchObject({ code: 2 });
    expect(dead.code).toBe(1);
    expect(dead.stderr).toContain('admin.sock');
    expect(await house.weights()).toEqual(safe);
  });

  test('status tells what is wanted, what holds it back and what HAProxy says', async () => {
    await house.stopApi();
    await house.proxy.verb('stop', '--reason', 'smoke');

    const status = await house.proxy.verb('status');

    expect(JSON.parse(status.stdout)).toMatchObject({
      reachable: true,
      stopped: { reason: 'smoke' },
      backends: [{ backend: 'shop', stable: 'v1', held: expect.stringContaining('smoke') as string }],
    });
  });

  test('a state that cannot be read is set aside and said, and the canary is taken off with the API dead', async () => {
    await until('the file is in step', () =>
      /server v2-0 \S+ weight 50 /.test(readFileSync(house.proxy.config, 'utf8')),
    );
    await house.stopApi();
    await house.proxy.killAgent('SIGKILL');
    const folder = join(house.proxy.folder, 'agent');
    writeFileSync(join(folder, 'state.json'), '{"format":1,"backends":{"shop":');

    await house.proxy.startAgent();

    await appliedWeights(safe, 1000);
    expect(house.proxy.agentLog()).toContain('the state on disk was refused');
    expect(readdirSync(folder).some((name) => name.startsWith('state.json.refused-'))).toBe(true);
    await house.startApi();
    await until('the API knows', async () => (await house.traffic.read(house.target)).tripped !== null);
  });

  test('an older token is never applied, whatever the API says', async () => {
    await house.db
      .updateTable('traffic_target')
      .set({ token: token - 1, split: JSON.stringify(house.split(90, 60_000)) })
      .execute();
    await house.db.updateTable('proxy').set({ revision: 1000 }).execute();
    await house.proxy.killAgent('SIGKILL');
    await house.proxy.startAgent();
    await until('it says so', () => house.proxy.agentLog().includes('is older than'));
    await sleep(1000);

    expect(await house.weights()).toEqual({ 'v1-0': 50, 'v2-0': 50 });
  });

  test('two agents never work on one state', async () => {
    const second = await house.proxy.verb('run');

    expect(second.code).toBe(1);
    expect(second.stderr).toContain('another proxy agent runs');
    expect(await house.weights()).toEqual({ 'v1-0': 50, 'v2-0': 50 });
  });

  test('samples taken while the API was away are delivered when it is back', async () => {
    await house.stopApi();
    const from = Math.floor(Date.now() / 1000);
    await sleep(4000);
    const until_ = Math.floor(Date.now() / 1000) - 2;
    await house.startApi();

    await until('every second is there', async () => {
      const counted = await house.traffic.buckets(house.target, from, until_);
      return new Set(counted.map(({ second }) => second)).size === until_ - from;
    });
  });

  test('after the end of the agent by SIGTERM HAProxy stays as it is', async () => {
    await house.proxy.killAgent('SIGTERM');

    expect(await house.weights()).toEqual({ 'v1-0': 50, 'v2-0': 50 });
    expect(house.proxy.agentLog()).toContain('stopped; HAProxy stays as it is');
  });

  test('the stable version alone may be stopped, too, and nothing moves', async () => {
    ({ token } = await house.traffic.restore(house.target, 'one', 'back', stableOnly(house.v1)));
    await appliedWeights({ 'v1-0': 100 }, 15_000);

    const stopped = await house.proxy.verb('stop', '--reason', 'drill');

    expect(stopped.code).toBe(0);
    expect(await house.weights()).toEqual({ 'v1-0': 100 });
  });
});
