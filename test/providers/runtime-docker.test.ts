import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDockerRuntime } from '../../providers/runtime/docker.ts';
import { haltContainers } from '../../providers/runtime/docker/halt.ts';
import type { InstanceSpec, Runtime } from '../../providers/runtime/runtime.ts';
import { importSampleImage } from '../support/docker-image.ts';
import { startDockerEngine, type TestEngine } from '../support/docker.ts';

const never = new AbortController().signal;
let engine: TestEngine;
let runtime: Runtime;
beforeAll(async () => {
  engine = await startDockerEngine();
  await importSampleImage(engine.client, 'sample', ['v1', 'v2']);
  runtime = runtimeOf('/a');
});
afterAll(() => engine?.close());

test('an image that the engine does not have is named, and no registry is asked', async () => {
  const id = newId();
  await expect(runtime.start(spec(id, 'sample:v9'), never)).rejects.toMatchObject({
    code: 'start-failed',
    message: expect.stringContaining('sample:v9') as string,
  });
  expect(await runtime.inspect(id)).toEqual({ state: 'absent' });
});

test('after a restart of the engine an instance has exited, and starts again at its address', async () => {
  const id = newId();
  const before = await runtime.start(spec(id), never);
  await engine.halt();
  await expect(runtime.inspect(id)).rejects.toMatchObject({ code: 'unavailable' });
  await expect(runtime.start(spec(id), never)).rejects.toMatchObject({ code: 'unavailable' });
  await expect(runtime.stop(id, 1000)).rejects.toMatchObject({ code: 'unavailable' });
  await expect(runtime.list('default', 'shop')).rejects.toMatchObject({ code: 'unavailable' });

  await engine.resume();
  expect(await runtime.inspect(id)).toMatchObject({ state: 'exited' });
  expect(await runtime.start(spec(id), never)).toEqual(before);
  expect(await runtime.inspect(id)).toEqual({ state: 'running', ...before });
});

test('a start at an engine that hangs ends with its signal', async () => {
  const thaw = engine.freeze();
  const start = runtime.start(spec(newId()), AbortSignal.timeout(500));
  try {
    await expect(start).rejects.toMatchObject({ name: 'TimeoutError' });
  } finally {
    thaw();
  }
});

test('a container that was made and never begun is begun', async () => {
  const id = newId();
  const { address } = await runtime.start(spec(id), never);
  await replaceByTwin(id);
  expect(await runtime.inspect(id)).toMatchObject({ state: 'exited' });
  expect(await runtime.start(spec(id), never)).toEqual({ address });
});

test('a version that is registered anew gets a new container once it has ended, not before', async () => {
  const id = newId();
  await runtime.start(spec(id), never);
  await runtime.start(spec(id, 'sample:v2'), never);
  expect(await imageOf(id)).toBe('sample:v1');
  for (const { Id } of await containersOf(id)) await engine.client.getContainer(Id).kill();
  await expect.poll(() => runtime.inspect(id)).toMatchObject({ state: 'exited' });
  await runtime.start(spec(id, 'sample:v2'), never);
  expect(await imageOf(id)).toBe('sample:v2');
});

test('a port that somebody else took meanwhile is given up for another', async () => {
  const id = newId();
  const before = await runtime.start(spec(id), never);
  for (const { Id } of await containersOf(id)) await engine.client.getContainer(Id).kill();
  await expect.poll(() => runtime.inspect(id)).toMatchObject({ state: 'exited' });
  const thief = createServer((_, response) => response.end('thief'));
  await new Promise<void>((resolve) => {
    thief.listen(Number(before.address.split(':')[1]), '127.0.0.1', resolve);
  });
  try {
    const after = await runtime.start(spec(id), never);
    expect(after.address).not.toBe(before.address);
    expect(await (await fetch(`http://${after.address}/health`)).text()).toContain(id);
  } finally {
    thief.close();
  }
});

test('two stacks on one engine do not see each other', async () => {
  const id = newId();
  const other = runtimeOf('/b');
  await runtime.start(spec(id), never);
  expect(await other.inspect(id)).toEqual({ state: 'absent' });
  expect(await other.list('default', 'shop')).toEqual([]);
  await other.stop(id, 100);
  expect(await runtime.inspect(id)).toMatchObject({ state: 'running' });
});

test('a stack that goes down halts its own containers, and finds them at their address again', async () => {
  const id = newId();
  const others = newId();
  const other = runtimeOf('/b');
  const before = await runtime.start(spec(id), never);
  await other.start(spec(others), never);

  expect(await haltContainers('/a', engine.host, 1000)).toBeGreaterThan(0);

  expect(await runtime.inspect(id)).toMatchObject({ state: 'exited' });
  expect(await other.inspect(others)).toMatchObject({ state: 'running' });
  expect(await haltContainers('/a', engine.host, 1000)).toBe(0);
  expect(await runtime.start(spec(id), never)).toEqual(before);
});

test('a host that cannot be used is told to who asks, not to who makes the runtime', async () => {
  const broken = createDockerRuntime({ home: '/a', dockerHost: 'ssh://elsewhere', env: {} });
  await expect(broken.inspect('x')).rejects.toMatchObject({ code: 'invalid-input' });
  const away = createDockerRuntime({ home: '/a', dockerHost: 'unix:///no/such.sock', env: {} });
  await expect(away.inspect('x')).rejects.toMatchObject({ code: 'unavailable' });
});

function runtimeOf(home: string): Runtime {
  return createDockerRuntime({ home, dockerHost: engine.host, env: {} });
}

function spec(id: string, image = 'sample:v1'): InstanceSpec {
  const env = { VERSION: '{version}', INSTANCE: '{instance}', WWW: '/www', BUSYBOX: '/bin/busybox' };
  const start = { runtime: 'docker', image, containerPort: 8080, env } as const;
  return { id, project: 'default', service: 'shop', version: 'v1', start };
}

async function containersOf(id: string): Promise<{ Id: string; Image: string }[]> {
  return engine.client.listContainers({ all: true, filters: { label: [`holdfast.instance=${id}`] } });
}

async function imageOf(id: string): Promise<string | undefined> {
  return (await containersOf(id))[0]?.Image;
}

/** As it is when the starter is killed between making a container and beginning it. */
async function replaceByTwin(id: string): Promise<void> {
  for (const { Id } of await containersOf(id)) {
    const container = engine.client.getContainer(Id);
    const { Config, HostConfig, Name } = await container.inspect();
    await container.remove({ force: true });
    await engine.client.createContainer({ ...Config, HostConfig, name: Name.slice(1) });
  }
}

function newId(): string {
  return `default.shop.v1.${randomUUID().slice(0, 8)}`;
}
