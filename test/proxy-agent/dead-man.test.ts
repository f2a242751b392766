import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/haproxy.ts';
import { buildHouse, stableOnly, type House } from './house.ts';
import { startLoad } from './web.ts';

const leaseMs = 2000;
const safe = { 'v1-0': 100, 'v2-0': 0 };

describe('the lease of a canary', () => {
  let house: House;
  let token: number;

  beforeEach(async () => {
    house = await buildHouse();
    ({ token } = await house.traffic.acquire(house.target, 'one'));
    ({ token } = await setSplit('stable', stableOnly(house.v1)));
    await appliedWeights({ 'v1-0': 100 });
  });
  afterEach(() => house.close());

  function setSplit(changeId: string, split: Parameters<House['traffic']['setSplit']>[0]['split']) {
    return house.traffic.setSplit({ target: house.target, owner: 'one', token, changeId, split });
  }

  async function putOnTrial(weight: number, lease = leaseMs): Promise<void> {
    ({ token } = await setSplit('canary', house.split(weight, lease)));
    await appliedWeights({ 'v1-0': 100 - weight, 'v2-0': weight });
  }

  async function appliedWeights(wanted: Record<string, number>, timeoutMs = 5000): Promise<void> {
    await until(
      `weights ${JSON.stringify(wanted)}`,
      async () => JSON.stringify(await house.weights()) === JSON.stringify(wanted),
      timeoutMs,
    );
  }

  test('with the API dead the agent alone takes the canary off, in the file too, and tells later', async () => {
    const load = startLoad(house.url, 100);
    await putOnTrial(50);

    await house.stopApi();
    await appliedWeights(safe, leaseMs + 5000);
    const safeAt = performance.now();
    await sleep(500);
    await load.stop();

    const late = load.answers.filter(({ version, sentAt }) => version === 'v2' && sentAt > safeAt);
    expect(late).toEqual([]);
    expect(load.answers.filter(({ status }) => status !== 200)).toEqual([]);
    await until('the file is safe', () =>
      /server v1-0 \S+ weight 100 [^]*server v2-0 \S+ weight 0 /.test(
        readFileSync(house.proxy.config, 'utf8'),
      ),
    );
    await house.startApi();
    await until('the API knows', async () => (await house.traffic.read(house.target)).tripped !== null);
    const state = await house.traffic.read(house.target);
    expect(state).toMatchObject({ token: token + 1, tripped: { cause: 'lease-lost' } });
    await expect(setSplit('again', house.split(50))).rejects.toMatchObject({ code: 'lease-lost' });
    await sleep(1500);
    expect((await house.traffic.read(house.target)).token).toBe(token + 1);
    expect(await house.weights()).toEqual(safe);
  });

  test('with a full disk what makes things safer is applied all the same, a canary is not, and all is kept later', async () => {
    const long = 60_000;
    await putOnTrial(50, long);
    const state = `${house.proxy.folder}/agent/state.json`;
    const full = `${state}.${house.proxy.agentPid()}.new`;
    mkdirSync(full);

    ({ token } = await setSplit('higher', house.split(80, long)));
    await sleep(1500);
    expect(await house.weights()).toEqual({ 'v1-0': 50, 'v2-0': 50 });
    ({ token } = await setSplit('back', stableOnly(house.v1)));
    await until(
      'nothing goes to the canary',
      async () => ((await house.weights())['v2-0'] ?? 0) === 0,
      15_000,
    );
    expect(readFileSync(state, 'utf8')).not.toContain(`"token": ${token}`);

    rmdirSync(full);
    await until('it is on the disk', () => readFileSync(state, 'utf8').includes(`"token": ${token}`), 15_000);
  });

  test('an agent killed in the middle changes nothing; the next one enforces the lease, with the API dead', async () => {
    await putOnTrial(50);

    await house.proxy.killAgent('SIGKILL');
    await house.stopApi();
    await sleep(leaseMs + 300);
    expect(await house.weights()).toEqual({ 'v1-0': 50, 'v2-0': 50 });
    await house.proxy.startAgent();

    await appliedWeights(safe);
  });

  test('an agent that comes back within the lease leaves the canary on', async () => {
    await putOnTrial(50, 30_000);

    await house.proxy.killAgent('SIGKILL');
    await house.proxy.startAgent();
    await sleep(1500);

    expect(await house.weights()).toEqual({ 'v1-0': 50, 'v2-0': 50 });
    expect((await house.traffic.read(house.target)).tripped).toBeNull();
  });

  test('an agent that was stopped in the middle takes the canary off when it wakes, and a late answer revives nothing', async () => {
    await putOnTrial(50);

    process.kill(house.proxy.agentPid(), 'SIGSTOP');
    await sleep(leaseMs + 500);
    expect(await house.weights()).toEqual({ 'v1-0': 50, 'v2-0': 50 });
    process.kill(house.proxy.agentPid(), 'SIGCONT');

    await appliedWeights(safe);
  });

  test('a split that waited in the socket of a stopped agent beyond its lease is never applied', async () => {
    const load = startLoad(house.url, 100);

    process.kill(house.proxy.agentPid(), 'SIGSTOP');
    ({ token } = await setSplit('canary', house.split(50, leaseMs)));
    await sleep(leaseMs + 500);
    process.kill(house.proxy.agentPid(), 'SIGCONT');
    await until('the agent says why', async () => (await house.traffic.read(house.target)).tripped !== null);
    await sleep(500);
    await load.stop();

    expect(load.answers.filter(({ version }) => version === 'v2')).toEqual([]);
    expect(await house.weights()).toEqual(safe);
  });

  test('one that is renewed holds for longer than it lasts', async () => {
    await putOnTrial(50, 3000);

    for (let round = 0; round < 5; round++) {
      await sleep(1000);
      await house.traffic.renewLease(house.target, 'one', token, 3000);
    }

    expect(await house.weights()).toEqual({ 'v1-0': 50, 'v2-0': 50 });
  });
});
