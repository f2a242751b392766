import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Split } from '../../providers/traffic/traffic.ts';
import { until } from '../support/haproxy.ts';
import { buildHouse, stableOnly, type House } from './house.ts';
import { startLoad } from './web.ts';

describe('whatever is killed', () => {
  let house: House;
  let token: number;

  beforeEach(async () => {
    house = await buildHouse();
    ({ token } = await house.traffic.acquire(house.target, 'one'));
  });
  afterEach(() => house.close());

  async function setSplit(changeId: string, split: Split): Promise<void> {
    ({ token } = await house.traffic.setSplit({
      target: house.target,
      owner: 'one',
      token,
      changeId,
      split,
    }));
  }

  async function appliedWeights(wanted: Record<string, number>): Promise<void> {
    await until(
      `weights ${JSON.stringify(wanted)}`,
      async () => JSON.stringify(await house.weights().catch(() => null)) === JSON.stringify(wanted),
    );
  }

  test('an agent killed at any moment of a change brings it about when it is back, and no request fails', async () => {
    await setSplit('stable', stableOnly(house.v1));
    await appliedWeights({ 'v1-0': 100 });
    const load = startLoad(house.url, 50);
    for (const [round, delayMs] of [0, 3, 8, 15, 30, 60, 120].entries()) {
      const weight = 10 + 10 * round;
      await setSplit(`round ${round}`, house.split(weight, 60_000));
      await sleep(delayMs);
      await house.proxy.killAgent('SIGKILL');
      await house.proxy.startAgent();
      await appliedWeights({ 'v1-0': 100 - weight, 'v2-0': weight });
    }
    await load.stop();

    expect(load.answers.filter(({ status }) => status !== 200)).toEqual([]);
    await until('the file is in step', () =>
      /server v2-0 \S+ weight 70 /.test(readFileSync(house.proxy.config, 'utf8')),
    );
  });

  test('a hundred and fifty servers are applied, proven, and outlive a reload', async () => {
    const servers = Array.from({ length: 150 }, (_, index) => ({
      name: `v1-${index}`,
      version: 'v1',
      address: house.v1.address,
      weight: 100,
      healthPath: '/',
    }));
    await setSplit('many', { servers, stable: 'v1', canary: null, leaseMs: null });

    const options = { timeoutMs: 20_000, signal: new AbortController().signal, onProgress: () => undefined };
    const proof = await house.traffic.verify(house.target, token, options);
    const reloaded = await house.proxy.verb('reload');

    expect(proof.token).toBe(token);
    expect(reloaded).toMatchObject({ code: 0 });
    expect(Object.keys(await house.weights())).toHaveLength(150);
  });
});
