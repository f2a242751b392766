import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildConfigHouse, type ConfigHouse } from '../../support/config-house.ts';
import { until } from '../../support/haproxy.ts';
import { weightsOf } from '../house.ts';
import { startLoad, startServer, type TestServer } from '../web.ts';

const safe = { 'v1-0': 100, 'v2-0': 0 };

describe('steered servers over a change of the configuration', () => {
  let house: ConfigHouse;
  let v1: TestServer;
  let v2: TestServer;
  let revision = 0;

  beforeEach(async () => {
    [v1, v2] = await Promise.all([startServer('v1'), startServer('v2')]);
    house = await buildConfigHouse();
    const first = house.bundle(passing(1));
    house.plane.offer(first);
    await house.ended(first);
  });
  afterEach(async () => {
    await house.close();
    await Promise.all([v1.close(), v2.close()]);
  });

  /** Other text, same behaviour: requests go to the servers. */
  function passing(number: number): string {
    return house.proxy.operatorsBase.replace('    balance', `    # ${number}\n    balance`);
  }

  function unloadable(): string {
    const socket = `unix@${house.proxy.folder}/nowhere/x.sock`;
    return house.proxy.operatorsBase.replace('    bind ', `    bind ${socket}\n    bind `);
  }

  async function putOnTrial(weight: number, leaseMs: number): Promise<void> {
    revision += 1;
    const servers = [serverOf(v1, 100 - weight), serverOf(v2, weight)];
    const backend = { backend: 'shop', token: revision, servers, stable: 'v1', canary: 'v2', leaseMs };
    house.plane.desire({ revision, backends: [backend] });
    await weightsAre({ 'v1-0': 100 - weight, 'v2-0': weight });
  }

  async function weightsAre(wanted: Record<string, number>, timeoutMs = 5000): Promise<void> {
    await until(
      `weights ${JSON.stringify(wanted)}`,
      async () => JSON.stringify(await weightsOf(house.proxy).catch(() => null)) === JSON.stringify(wanted),
      timeoutMs,
    );
  }

  test('a reload undoes no weight, and no request fails', async () => {
    await putOnTrial(30, 60_000);
    const load = startLoad(house.proxy.frontends.shop ?? '', 200);
    for (let number = 2; number < 7; number += 1) {
      const bundle = house.bundle(passing(number));
      house.plane.offer(bundle);
      expect(await house.ended(bundle)).toMatchObject({ outcome: 'proven', drift: null });
      expect(await weightsOf(house.proxy)).toEqual({ 'v1-0': 70, 'v2-0': 30 });
    }
    await load.stop();

    expect(load.answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(readFileSync(house.proxy.config, 'utf8')).toMatch(/server v2-0 \S+ weight 30 /);
  });

  test('a lease that ends while a reload hangs takes the canary off all the same', async () => {
    await putOnTrial(50, 4000);
    const bundle = house.bundle(unloadable());
    house.plane.offer(bundle);
    await until('the reload is under way', () => house.plane.reports.at(-1)?.phase === 'proving');
    process.kill(house.proxy.masterPid(), 'SIGSTOP');

    await weightsAre(safe, 10_000);

    const isOver = house.plane.reports.some(({ outcome }) => outcome === 'restored');
    process.kill(house.proxy.masterPid(), 'SIGCONT');
    expect(isOver).toBe(false);
    expect(await house.ended(bundle, 25_000)).toMatchObject({ outcome: 'restored' });
    expect(await weightsOf(house.proxy)).toEqual(safe);
  });

  test.each([0, 60, 120, 180, 240])(
    'a lease that ends within a reload leaves nothing on in the new worker (%i ms before the end)',
    async (before) => {
      await putOnTrial(50, 1000);
      await sleep(900 - before);
      const bundle = house.bundle(passing(2));
      house.plane.offer(bundle);
      expect(await house.ended(bundle)).toMatchObject({ outcome: 'proven' });

      await weightsAre(safe);
      await until('the file is safe', () =>
        /server v2-0 \S+ weight 0 /.test(readFileSync(house.proxy.config, 'utf8')),
      );
    },
  );

  test('a weight that somebody else set is mended and told', async () => {
    await putOnTrial(10, 60_000);
    await sleep(1500);
    await house.proxy.ask('set server shop/v2-0 weight 200');

    await weightsAre({ 'v1-0': 90, 'v2-0': 10 });

    await until('it is told', () => house.plane.reports.at(-1)?.drift?.kind === 'servers');
    expect(house.plane.reports.at(-1)?.drift).toMatchObject({ mended: true, policy: 'revert' });
  });
});

function serverOf({ version, address }: TestServer, weight: number) {
  return { name: `${version}-0`, version, address, weight, healthPath: '/' };
}
