import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildConfigHouse, type ConfigHouse } from '../../support/config-house.ts';
import { until } from '../../support/haproxy.ts';
import { startLoad } from '../web.ts';

describe('a signed bundle', () => {
  let house: ConfigHouse;

  beforeEach(async () => {
    house = await buildConfigHouse();
  });
  afterEach(() => house.close());

  async function apply(text: string) {
    const bundle = house.bundle(house.base(text));
    house.plane.offer(bundle);
    return { bundle, report: await house.ended(bundle) };
  }

  test('is taken into use, and told only when HAProxy itself answers its hash', async () => {
    const { bundle, report } = await apply('one');

    const { revision, sequence, hash } = bundle;
    expect(report).toMatchObject({
      attempted: { revision, sequence, hash },
      running: { revision, sequence, hash },
      lastKnownGood: { revision, sequence, hash },
      outcome: 'proven',
      refusal: null,
      failure: null,
      haproxy: { failedReloads: 0 },
    });
    expect(Object.keys(report.timings)).toEqual(['check', 'wait', 'write', 'reload', 'prove']);
    expect(await house.answer()).toBe('one');
    expect(readFileSync(house.proxy.config, 'utf8')).toContain('"one"');
  });

  test('without one the operator’s own base counts as ever, and nothing is told', async () => {
    writeFileSync(house.proxy.baseConfig, house.base('by hand'));

    const reloaded = await house.proxy.verb('reload');

    expect(reloaded).toMatchObject({ code: 0 });
    expect(await house.answer()).toBe('by hand');
    expect(readFileSync(house.proxy.config, 'utf8')).not.toContain('holdfast-proof');
    expect(house.plane.reports).toEqual([]);
  });

  test('the same files under a newer sequence are proven without a reload', async () => {
    await apply('one');
    const before = await workerPid();

    const { bundle, report } = await apply('one');

    expect(report).toMatchObject({ outcome: 'proven', running: { sequence: bundle.sequence } });
    expect(await workerPid()).toBe(before);
  });

  test('with wrong syntax changes nothing, and the line is named', async () => {
    await apply('one');

    const { report } = await apply('two"\n    bananas 3 "');

    expect(report).toMatchObject({ outcome: 'refused', failedStep: 'check', running: { sequence: 1 } });
    expect(report.failure).toMatch(/haproxy\.cfg\.refused:\d+.*bananas/);
    expect(await house.answer()).toBe('one');
    expect(readFileSync(house.proxy.config, 'utf8')).toContain('"one"');
  });

  test('with a warning, or naming a file that is not there, changes nothing', async () => {
    const silent = house.bundle(house.base('two').replace('    timeout client 10s\n', ''));
    house.plane.offer(silent);
    const warned = await house.ended(silent);
    const missing = house.bundle(
      house.base('two').replace('backend shop', 'backend shop\n    errorfile 503 /nowhere.http'),
    );
    house.plane.offer(missing);
    const refused = await house.ended(missing);

    expect(warned).toMatchObject({ outcome: 'refused', failedStep: 'check' });
    expect(warned.failure).toContain('timeout');
    expect(refused).toMatchObject({ outcome: 'refused', failedStep: 'check' });
    expect(refused.failure).toContain('/nowhere.http');
  });

  test('that binds what another process holds, or what this host lacks, changes nothing and interrupts nobody', async () => {
    await apply('one');
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const load = startLoad(house.proxy.frontends.shop ?? '', 200);

    const reports = [];
    for (const address of [`127.0.0.1:${port}`, '192.0.2.1:8080']) {
      const bundle = house.bundle(house.base('two').replace('    bind ', `    bind ${address}\n    bind `));
      house.plane.offer(bundle);
      reports.push(await house.ended(bundle));
    }
    await load.stop();
    taken.close();

    expect(reports[0]?.failure).toContain('EADDRINUSE');
    expect(reports[1]?.failure).toContain('EADDRNOTAVAIL');
    for (const report of reports)
      expect(report).toMatchObject({
        outcome: 'refused',
        failedStep: 'check',
        haproxy: { failedReloads: 0 },
      });
    expect(load.answers.filter(({ status }) => status !== 200)).toEqual([]);
  });

  test('that HAProxy cannot load is undone, and what ran before is proven to run again', async () => {
    await apply('one');
    const bundle = house.bundle(unloadable('two'));
    house.plane.offer(bundle);

    const report = await house.ended(bundle);

    expect(report).toMatchObject({
      attempted: { sequence: 2 },
      running: { sequence: 1 },
      lastKnownGood: { sequence: 1 },
      outcome: 'restored',
      failedStep: 'reload',
      haproxy: { failedReloads: 0 },
    });
    expect(await house.answer()).toBe('one');
    expect(readFileSync(house.proxy.config, 'utf8')).toContain('"one"');
  });

  test('that does not name the agent’s own socket leaves HAProxy with it', async () => {
    await apply('one');
    const bundle = house.bundle(house.base('two').replace(/^ {4}stats socket .*\n/m, ''));
    house.plane.offer(bundle);

    expect(await house.ended(bundle)).toMatchObject({ outcome: 'proven', running: { sequence: 2 } });
    expect(await workerPid()).toBeDefined();
    expect(await house.answer()).toBe('two');
  });

  test('as the very first one that cannot be loaded leaves the operator’s own', async () => {
    const bundle = house.bundle(unloadable('two'));
    house.plane.offer(bundle);

    const report = await house.ended(bundle);

    expect(report).toMatchObject({ outcome: 'restored', lastKnownGood: null, running: null });
    await until(
      'the operator’s own answers',
      async () => (await fetch(house.proxy.frontends.shop ?? '')).status === 503,
    );
  });

  /** A socket in a folder that is not there is found out only by binding it. */
  function unloadable(text: string): string {
    return house
      .base(text)
      .replace('    bind ', `    bind unix@${house.proxy.folder}/nowhere/x.sock\n    bind `);
  }

  async function workerPid(): Promise<string | undefined> {
    return /^Pid: (\d+)/m.exec(await house.proxy.ask('show info'))?.[1];
  }
});
