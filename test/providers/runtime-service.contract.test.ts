import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Runtime } from '../../providers/runtime/runtime.ts';
import { houses, ownEnvironment, type House } from '../support/runtimes.ts';

const never = new AbortController().signal;

/** What only shows with a service that really runs. */
describe.each(['process', 'docker'] as const)('services of the runtime: %s', (kind) => {
  let house: House;
  let runtime: Runtime;
  let folder: string;
  beforeAll(async () => {
    house = await houses[kind]();
    runtime = house.worker();
    folder = await mkdtemp(join(tmpdir(), 'holdfast-secret-'));
  });
  afterAll(async () => {
    await house?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('placeholders are filled in, in arguments and in the environment', async () => {
    const id = newId();
    const { address } = await runtime.start(house.spec(id), never);
    const port = kind === 'docker' ? '8080' : address.split(':')[1];
    expect(await health(address)).toBe(`v1 ${port} ${id}  v1 ${port} ${id}`);
  });

  test('a reference to the environment of the worker, or to a file, is resolved at the start', async () => {
    await writeFile(join(folder, 'secret'), 'sesame\n');
    for (const [reference, secret] of [
      ['env:SAMPLE_SECRET', ownEnvironment.SAMPLE_SECRET],
      [`file:${join(folder, 'secret')}`, 'sesame'],
    ] as const) {
      const { address } = await runtime.start(house.spec(newId(), 'well', { SECRET: reference }), never);
      expect(await health(address)).toContain(` ${secret} `);
    }
  });

  test.each([
    ['env:NOT_SET_ANYWHERE', 'NOT_SET_ANYWHERE'],
    ['file:/no/such/secret', '/no/such/secret'],
  ])('a missing %s is named, with no value of any variable', async (reference, named) => {
    const id = newId();
    const spec = house.spec(id, 'well', {
      SECRET: reference,
      OTHER: 'env:SAMPLE_SECRET',
      PLAIN: 'open-words',
    });
    const error = await failure(runtime.start(spec, never));
    expect(error).toMatchObject({ code: 'start-failed', message: expect.stringContaining(named) as string });
    expect(error.message).toContain('SECRET');
    expect(error.message).not.toMatch(/swordfish|open-words/);
    expect(await house.copies(id)).toBe(0);
  });

  test('a program that is not there is refused by name', async () => {
    const error = await failure(runtime.start(house.spec(newId(), 'missing'), never));
    expect(error).toMatchObject({
      code: 'start-failed',
      message: expect.stringContaining('no-such-program') as string,
    });
  });

  test('a command that ends at once is told with its code and what it said, then and later', async () => {
    const id = newId();
    const error = await failure(runtime.start(house.spec(id, 'broken'), never));
    expect(error.code).toBe('start-failed');
    expect(error.message).toMatch(/code 3.*broken on order/s);

    const lastOutput = expect.stringContaining('broken on order') as string;
    expect(await runtime.inspect(id)).toEqual({ state: 'exited', code: 3, lastOutput });
  });

  test('what failed starts once its fault is mended', async () => {
    const id = newId();
    await failure(runtime.start(house.spec(id, 'broken'), never));
    const { address } = await runtime.start(house.spec(id), never);
    expect(await health(address)).toContain(id);
  });

  test('SIGTERM lets an instance end by itself', async () => {
    const id = newId();
    await runtime.start(house.spec(id), never);
    // A grace that no test would outlive: what ends was not killed.
    await runtime.stop(id, 3_600_000);
    expect(await house.copies(id)).toBe(0);
  });

  test('an instance that does not hear SIGTERM is killed after its grace, not before', async () => {
    const id = newId();
    const { address } = await runtime.start(house.spec(id, 'deaf'), never);
    await health(address);
    const began = performance.now();
    await runtime.stop(id, 1000);
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(await house.copies(id)).toBe(0);
    expect(await runtime.inspect(id)).toEqual({ state: 'absent' });
  });

  test('its output is known after a kill', async () => {
    const id = newId();
    await health((await runtime.start(house.spec(id), never)).address);
    await house.kill(id);
    const lastOutput = expect.stringContaining('sample v1 begins') as string;
    await expect.poll(() => runtime.inspect(id)).toMatchObject({ state: 'exited', lastOutput });
  });

  test('after a crash it answers where the new start says', async () => {
    const id = newId();
    const before = await runtime.start(house.spec(id), never);
    await house.kill(id);
    await expect.poll(() => runtime.inspect(id)).toMatchObject({ state: 'exited' });
    const after = await house.worker().start(house.spec(id), never);
    expect(await health(after.address)).toContain(id);
    expect(after).toEqual(before);
  });

  test('a running instance is answered, also where its secrets are gone', async () => {
    const id = newId();
    const first = await runtime.start(house.spec(id), never);
    expect(await runtime.start(house.spec(id, 'well', { SECRET: 'env:GONE' }), never)).toEqual(first);
  });
});

async function health(address: string): Promise<string> {
  const ask = async (): Promise<string> => (await fetch(`http://${address}/health`)).text();
  return expect
    .poll(() => ask().catch(String), { timeout: 5000 })
    .toContain('v1 ')
    .then(async () => (await ask()).trim());
}

async function failure(start: Promise<unknown>): Promise<Error & { code: string }> {
  return start.then(
    () => expect.fail('it started'),
    (error: unknown) => error as Error & { code: string },
  );
}

function newId(): string {
  return `default.shop.v1.${randomUUID().slice(0, 8)}`;
}
