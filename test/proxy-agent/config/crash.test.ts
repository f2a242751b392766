import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { buildConfigHouse, type ConfigHouse } from '../../support/config-house.ts';
import { until } from '../../support/haproxy.ts';

/** More of them in the long run. */
const seeds = Array.from({ length: inject('long') ? 40 : 6 }, (_, seed) => seed);

describe('an agent that is killed in the middle of an apply', () => {
  let house: ConfigHouse;

  beforeEach(async () => {
    house = await buildConfigHouse();
    const first = house.bundle(house.base('first'));
    house.plane.offer(first);
    await house.ended(first);
  });
  afterEach(() => house.close());

  /** An apply takes some 200 ms from the offer on: the seeds spread over all of its steps, and over good and bad ones. */
  test.each(seeds)('ends with file, HAProxy and report at one (seed %i)', async (seed) => {
    const isGood = seed % 3 !== 2;
    const content = isGood
      ? house.base('second')
      : house
          .base('bad')
          .replace('    bind ', `    bind unix@${house.proxy.folder}/nowhere/x.sock\n    bind `);
    const bundle = house.bundle(content);
    house.plane.offer(bundle);
    await sleep(5 + ((seed * 37) % 320));
    await house.proxy.killAgent('SIGKILL');

    await house.proxy.startAgent(house.plane.url);

    const report = await house.ended(bundle, 20_000);
    const expected = isGood
      ? { outcome: 'proven', text: 'second', sequence: 2 }
      : { outcome: 'restored', text: 'first', sequence: 1 };
    expect(report).toMatchObject({
      outcome: expected.outcome,
      running: { sequence: expected.sequence },
      lastKnownGood: { sequence: expected.sequence },
      haproxy: { failedReloads: 0 },
    });
    expect(await house.answer()).toBe(expected.text);
    expect(readFileSync(house.proxy.config, 'utf8')).toContain(`"${expected.text}"`);
  });
});

describe('an agent without its control plane', () => {
  let house: ConfigHouse;

  beforeEach(async () => {
    house = await buildConfigHouse();
  });
  afterEach(() => house.close());

  test('starts HAProxy again from the last known good one, and tells when it is back', async () => {
    const good = house.bundle(house.base('good'));
    house.plane.offer(good);
    await house.ended(good);
    await house.plane.sleep();
    await house.proxy.killAgent();
    await house.proxy.killHaproxy();

    const rendered = await house.proxy.verb('render');
    await house.proxy.startHaproxy();
    await house.proxy.startAgent(house.plane.url);

    expect(rendered.code).toBe(0);
    expect(await house.answer()).toBe('good');
    const told = house.plane.reports.length;
    await house.plane.wake();
    await until('it tells again', () => house.plane.reports.length > told);
    expect(house.plane.reports.at(-1)).toMatchObject({
      outcome: 'proven',
      running: { sequence: good.sequence },
    });
  });

  test('never goes back to an older sequence, not even after a restart', async () => {
    const old = house.bundle(house.base('old'));
    const newer = house.bundle(house.base('newer'));
    house.plane.offer(newer);
    await house.ended(newer);
    await house.proxy.killAgent();
    house.plane.offer(old);

    await house.proxy.startAgent(house.plane.url);

    expect(await house.ended(old)).toMatchObject({
      outcome: 'refused',
      refusal: 'older-sequence',
      failedStep: 'verify',
      running: { sequence: newer.sequence },
    });
    const rollback = house.bundle(house.base('old'), { sequence: newer.sequence + 1, order: 'rollback' });
    house.plane.offer(rollback);
    expect(await house.ended(rollback)).toMatchObject({ outcome: 'proven' });
    expect(await house.answer()).toBe('old');
  });

  test('with a state that cannot be read goes on with what was written last, and takes nothing older', async () => {
    const old = house.bundle(house.base('old'));
    const newer = house.bundle(house.base('newer'));
    house.plane.offer(newer);
    await house.ended(newer);
    await house.proxy.killAgent();
    writeFileSync(join(house.proxy.folder, 'agent/config.json'), '{"format":1,');
    house.plane.offer(old);

    await house.proxy.startAgent(house.plane.url);

    expect(await house.ended(old)).toMatchObject({ refusal: 'older-sequence' });
    expect(readFileSync(house.proxy.config, 'utf8')).toContain('"newer"');
    house.plane.offer(newer);
    expect(await house.ended(newer)).toMatchObject({
      outcome: 'proven',
      running: { sequence: newer.sequence },
    });
  });

  test('of many offers in quick succession the newest is live in the end, and every one that is told was', async () => {
    const bundles = Array.from({ length: 30 }, (_, index) => house.bundle(house.base(`text ${index}`)));
    for (const bundle of bundles) {
      house.plane.offer(bundle);
      await sleep(20);
    }

    const newest = bundles.at(-1);
    if (!newest) throw new Error('unreachable');
    expect(await house.ended(newest)).toMatchObject({ outcome: 'proven', running: { sequence: 30 } });
    expect(await house.answer()).toBe('text 29');
    const told = house.plane.reports.map(({ lastKnownGood }) => lastKnownGood?.sequence ?? 0);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
  });
});
