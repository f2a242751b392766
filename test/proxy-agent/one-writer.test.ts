import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/haproxy.ts';
import { buildHouse, stableOnly, type House } from './house.ts';
import { startLoad, startServer } from './web.ts';

describe('one writer beside a HAProxy', () => {
  let house: House;
  let token: number;

  beforeEach(async () => {
    house = await buildHouse();
    ({ token } = await house.traffic.acquire(house.target, 'one'));
    ({ token } = await setSplit('stable', stableOnly(house.v1)));
    await appliedWeights({ 'v1-0': 100 });
  });
  afterEach(() => house.close());

  async function setSplit(changeId: string, split: Parameters<House['traffic']['setSplit']>[0]['split']) {
    return house.traffic.setSplit({ target: house.target, owner: 'one', token, changeId, split });
  }

  async function putOnTrial(weight: number): Promise<void> {
    ({ token } = await setSplit(`canary ${weight}`, house.split(weight, 60_000)));
    await appliedWeights({ 'v1-0': 100 - weight, 'v2-0': weight });
  }

  async function appliedWeights(wanted: Record<string, number>, timeoutMs = 5000): Promise<void> {
    await until(
      `weights ${JSON.stringify(wanted)}`,
      async () => JSON.stringify(await house.weights().catch(() => null)) === JSON.stringify(wanted),
      timeoutMs,
    );
  }

  async function workerPid(): Promise<string> {
    return /^Pid: (\d+)/m.exec(await house.proxy.ask('show info').catch(() => ''))?.[1] ?? '';
  }

  async function untilFileSays(weight: number): Promise<void> {
    await until('the file is in step', () =>
      readFileSync(house.proxy.config, 'utf8').includes(`server v2-0 ${house.v2.address} weight ${weight} `),
    );
  }

  test('a reload by somebody else undoes nothing, fails no request, and is no burst in the counters', async () => {
    await putOnTrial(20);
    await untilFileSays(20);
    const load = startLoad(house.url, 100);
    await sleep(1500);
    const before = await workerPid();

    process.kill(house.proxy.masterPid(), 'SIGUSR2');
    await until('another worker answers', async () => !['', before].includes(await workerPid()));
    const atOnce = await house.weights();
    await sleep(3000);
    await load.stop();

    expect(atOnce).toEqual({ 'v1-0': 80, 'v2-0': 20 });
    expect(load.answers.filter(({ status }) => status !== 200)).toEqual([]);
    const now = Math.floor(Date.now() / 1000);
    const counted = await house.traffic.buckets(house.target, now - 10, now);
    for (const bucket of counted) {
      expect(bucket.requests).toBeGreaterThanOrEqual(0);
      expect(bucket.requests).toBeLessThan(400);
    }
  });

  test('what somebody sets by hand is set back within two seconds', async () => {
    await putOnTrial(20);

    await house.proxy.ask('set server shop/v2-0 weight 200');

    await appliedWeights({ 'v1-0': 80, 'v2-0': 20 }, 2000);
  });

  test('a HAProxy that died and was started again has the split at once; the agent says while it is gone', async () => {
    await putOnTrial(20);
    await untilFileSays(20);

    await house.proxy.killHaproxy('SIGKILL');
    await until('the agent says so', async () => {
      const { rows } = await house.db
        .selectFrom('proxy')
        .select('report')
        .execute()
        .then((found) => ({ rows: found }));
      return rows[0]?.report?.reachable === false;
    });
    await expect(house.traffic.acquire(house.target, 'one')).rejects.toMatchObject({ code: 'unavailable' });
    await house.proxy.startHaproxy();

    expect(await house.weights()).toEqual({ 'v1-0': 80, 'v2-0': 20 });
    await until('it is steerable again', async () => {
      const state = await house.traffic.acquire(house.target, 'one').catch(() => null);
      return state?.token === token;
    });
  });

  test('a HAProxy started on an older file is brought to the split within two seconds', async () => {
    await untilStable();
    const older = readFileSync(house.proxy.config, 'utf8');
    await putOnTrial(20);
    await untilFileSays(20);
    await house.proxy.killHaproxy();
    writeFileSync(house.proxy.config, older);

    await house.proxy.startHaproxy();

    await appliedWeights({ 'v1-0': 80, 'v2-0': 20 }, 2000);
  });

  test('the verb reload takes a changed base into use and proves the new worker', async () => {
    await putOnTrial(20);
    appendFileSync(house.proxy.baseConfig, '\nbackend another\n    balance roundrobin\n');
    const before = await workerPid();

    const ended = await house.proxy.verb('reload');

    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^reloaded: worker \d+ answers/);
    expect(await workerPid()).not.toBe(before);
    expect(await house.weights()).toEqual({ 'v1-0': 80, 'v2-0': 20 });
    await expect(
      until('the API knows the backend', async () => {
        const state = await house.traffic
          .acquire({ ...house.target, service: 'b', backend: 'another' }, 'two')
          .catch(() => null);
        return state !== null;
      }),
    ).resolves.toBeUndefined();
  });

  test('a base that is not valid is named, keeps the last good file, and refuses new rollouts but no restore', async () => {
    await putOnTrial(20);
    await untilFileSays(20);
    const good = readFileSync(house.proxy.baseConfig, 'utf8');
    writeFileSync(
      house.proxy.baseConfig,
      good.replace('balance roundrobin', 'balance roundrobin\n    bananas 3'),
    );

    const ended = await house.proxy.verb('reload');
    await until('the agent says so', async () => {
      const answer = await house.traffic.acquire(house.target, 'one').catch((error: Error) => error.message);
      return typeof answer === 'string' && answer.includes('bananas');
    });

    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('bananas');
    expect(readFileSync(house.proxy.config, 'utf8')).not.toContain('bananas');
    const { token: restored } = await house.traffic.restore(
      house.target,
      'one',
      'back',
      stableOnly(house.v1),
    );
    const proof = await house.traffic.verify(house.target, restored, {
      timeoutMs: 10_000,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    expect(proof).toMatchObject({ token: restored, sessions: 0 });
    expect(await house.weights()).toEqual({ 'v1-0': 100 });
  });

  test('a version takes everything over and gives it back without one failed request, and the old server goes', async () => {
    const load = startLoad(house.url, 200);
    await putOnTrial(100);
    await sleep(300);
    const promoted = {
      servers: house.split(100).servers.slice(1),
      stable: 'v2',
      canary: null,
      leaseMs: null,
    };
    ({ token } = await setSplit('promote', promoted));
    await appliedWeights({ 'v2-0': 100 }, 15_000);
    ({ token } = await setSplit('back', stableOnly(house.v1)));
    await appliedWeights({ 'v1-0': 100 }, 15_000);
    await sleep(300);
    await load.stop();

    expect(load.answers.length).toBeGreaterThan(100);
    expect(load.answers.filter(({ status }) => status !== 200)).toEqual([]);
  });

  test('a server that moved to another address is followed', async () => {
    const moved = await startServer('v1');
    try {
      ({ token } = await setSplit('moved', stableOnly(moved)));
      await until('the new address answers', async () => {
        await fetch(house.url);
        return moved.answered > 0;
      });
    } finally {
      await moved.close();
    }
  });

  test('connections that cannot be made are counted as errors of the version', async () => {
    const dead = house
      .split(50, 60_000)
      .servers.map((server) => (server.version === 'v2' ? { ...server, address: '127.0.0.1:1' } : server));
    const load = startLoad(house.url, 200);
    const from = Math.floor(Date.now() / 1000) - 1;
    ({ token } = await setSplit('dead', { servers: dead, stable: 'v1', canary: 'v2', leaseMs: 60_000 }));
    await sleep(4000);
    await load.stop();

    await until('they are counted', async () => {
      const counted = await house.traffic.buckets(house.target, from, Math.floor(Date.now() / 1000));
      const v2 = counted.filter(({ version }) => version === 'v2');
      const [requests, errors] = [sum(v2.map((one) => one.requests)), sum(v2.map((one) => one.errors))];
      return errors > 0 && errors === requests;
    });
  });

  test('errors and latencies are counted by version and second', async () => {
    house.v2.errorRate = 0.5;
    house.v2.delayMs = 120;
    const from = Math.floor(Date.now() / 1000) - 1;
    const load = startLoad(house.url, 100);
    await putOnTrial(50);
    await sleep(3000);
    await load.stop();

    const answered = (version: string): number =>
      load.answers.filter((answer) => answer.version === version).length;
    let counted = await house.traffic.buckets(house.target, from, Number.MAX_SAFE_INTEGER);
    const of = (version: string) => counted.filter((bucket) => bucket.version === version);
    const requests = (version: string): number => sum(of(version).map((bucket) => bucket.requests));
    await until('all are counted', async () => {
      counted = await house.traffic.buckets(house.target, from, Number.MAX_SAFE_INTEGER);
      return requests('v1') >= answered('v1') && requests('v2') >= answered('v2');
    });
    const errors = sum(of('v2').map((bucket) => bucket.errors));

    expect([requests('v1'), requests('v2')]).toEqual([answered('v1'), answered('v2')]);
    expect(errors).toBe(load.answers.filter(({ status }) => status === 500).length);
    // 120 ms is bucket 99: counts below it would be answers faster than the server is.
    const below = of('v2')
      .flatMap((bucket) => Object.keys(bucket.latency))
      .filter((bucket) => Number(bucket) < 98);
    expect(below).toEqual([]);
    expect(sum(of('v2').flatMap((bucket) => Object.values(bucket.latency)))).toBe(requests('v2'));
  });

  async function untilStable(): Promise<void> {
    await until('the file is in step', () =>
      readFileSync(house.proxy.config, 'utf8').includes(`server v1-0 ${house.v1.address} weight 100 `),
    );
  }
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
