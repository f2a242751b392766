import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Runtime } from '../../providers/runtime/runtime.ts';
import { houses, type House } from '../support/runtimes.ts';

const never = new AbortController().signal;

describe.each(['memory', 'process', 'docker'] as const)('runtime: %s', (kind) => {
  let house: House;
  let runtime: Runtime;
  beforeAll(async () => {
    house = await houses[kind]();
    runtime = house.worker();
  });
  afterAll(() => house?.close());

  test('an instance starts, runs where it says, stops, and nothing is left', async () => {
    const id = newId();
    expect(await runtime.inspect(id)).toEqual({ state: 'absent' });

    const { address } = await runtime.start(house.spec(id), never);
    expect(address).toMatch(/^127\.0\.0\.1:[0-9]+$/);
    expect(await runtime.inspect(id)).toEqual({ state: 'running', address });

    await runtime.stop(id, 2000);
    expect(await runtime.inspect(id)).toEqual({ state: 'absent' });
    expect(await house.copies(id)).toBe(0);
    expect(await runtime.list('default', 'shop')).not.toContain(id);
  });

  test('started twice, also by another worker, it is one', async () => {
    const id = newId();
    const first = await runtime.start(house.spec(id), never);
    expect(await runtime.start(house.spec(id), never)).toEqual(first);
    expect(await house.worker().start(house.spec(id), never)).toEqual(first);
    expect(await house.copies(id)).toBe(1);
  });

  test('starts at once, by one worker and by several, are one', async () => {
    const id = newId();
    const workers = [runtime, runtime, house.worker(), house.worker()];
    const answers = await Promise.all(workers.map((worker) => worker.start(house.spec(id), never)));
    expect(new Set(answers.map(({ address }) => address)).size).toBe(1);
    expect(await house.copies(id)).toBe(1);
  });

  test('a killed instance has exited, and a start brings it back', async () => {
    const id = newId();
    await runtime.start(house.spec(id), never);
    await house.kill(id);

    const status = await exited(runtime, id);
    expect(status).toMatchObject({ state: 'exited', code: 137 });
    expect(await runtime.list('default', 'shop')).toContain(id);

    const { address } = await runtime.start(house.spec(id), never);
    expect(await runtime.inspect(id)).toEqual({ state: 'running', address });
    expect(await house.copies(id)).toBe(1);
  });

  test('a stop may be repeated, also of what never was or has exited', async () => {
    const id = newId();
    await runtime.stop(id, 1000);
    await runtime.start(house.spec(id), never);
    await house.kill(id);
    await Promise.all([runtime.stop(id, 1000), runtime.stop(id, 1000), house.worker().stop(id, 1000)]);
    await runtime.stop(id, 1000);
    expect(await runtime.inspect(id)).toEqual({ state: 'absent' });
  });

  test('a stop that races starts leaves the instance whole or gone, never in between', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = newId();
      const other = house.worker();
      const racing = [
        runtime.start(house.spec(id), never),
        delay(round * 60).then(() => other.stop(id, 1000)),
      ];
      await Promise.allSettled(racing);
      const { state } = await runtime.inspect(id);
      const isListed = (await runtime.list('default', 'shop')).includes(id);
      expect({ state, isListed, copies: await house.copies(id) }).toEqual(
        state === 'running'
          ? { state, isListed: true, copies: 1 }
          : { state: 'absent', isListed: false, copies: 0 },
      );
      await runtime.stop(id, 1000);
    }
  });

  test('a stop after a start of the same worker leaves nothing, however soon it comes', async () => {
    const id = newId();
    await Promise.allSettled([runtime.start(house.spec(id), never), runtime.stop(id, 1000)]);
    expect(await runtime.inspect(id)).toEqual({ state: 'absent' });
    expect(await house.copies(id)).toBe(0);
  });

  test('many instances at once have an address each, and a listing has them all', async () => {
    const ids = Array.from({ length: 12 }, newId).sort();
    const specs = ids.map((id) => ({ ...house.spec(id), service: 'many' }));
    const answers = await Promise.all(specs.map((spec) => runtime.start(spec, never)));

    expect(new Set(answers.map(({ address }) => address)).size).toBe(ids.length);
    expect(await house.worker().list('default', 'many')).toEqual(ids);
    expect(await runtime.list('default', 'none')).toEqual([]);
    expect(await runtime.list('other', 'many')).toEqual([]);

    await Promise.all(ids.map((id) => runtime.stop(id, 2000)));
    expect(await runtime.list('default', 'many')).toEqual([]);
  });

  test('a start that was called off starts nothing', async () => {
    const id = newId();
    const reason = new Error('called off');
    await expect(runtime.start(house.spec(id), AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(await house.copies(id)).toBe(0);
  });
});

async function exited(runtime: Runtime, id: string): ReturnType<Runtime['inspect']> {
  return expect
    .poll(() => runtime.inspect(id), { timeout: 5000 })
    .toMatchObject({ state: 'exited' })
    .then(() => runtime.inspect(id));
}

function newId(): string {
  return `default.shop.v1.${randomUUID().slice(0, 8)}`;
}
