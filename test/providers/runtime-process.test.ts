import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OpsError } from '../../domain/errors.ts';
import { markOf } from '../../infra/process/proc.ts';
import { createProcessRuntime } from '../../providers/runtime/process.ts';
import type { InstanceSpec, Runtime } from '../../providers/runtime/runtime.ts';
import { copiesOf, processesOf } from '../support/marked-processes.ts';
import { sampleFolder, type SampleFolder } from '../support/sample-instance.ts';

const sleeper = { runtime: 'process' as const, command: ['sleep', '300'] };
const never = new AbortController().signal;
const started = new Set<string>();
const starters = new Set<Starter>();
let sample: SampleFolder;
let home: string;
let runtime: Runtime;
beforeAll(async () => {
  sample = await sampleFolder();
  home = join(sample.folder, 'home');
  runtime = worker();
});
afterAll(async () => {
  for (const { child } of starters) child.kill('SIGKILL');
  await Promise.all([...starters].map(({ ended }) => ended));
  await Promise.all([...started].map((id) => runtime.stop(id, 500)));
  await sample.remove();
});

test('a starter that is killed at any moment never leaves two processes, and the next worker finds what runs', async () => {
  const id = newId();
  for (let kill = 0; kill < 20; kill += 1) {
    const starter = startAgain(id);
    // From before its first look to well after its first start.
    await Promise.race([once(starter.child.stdout, 'data'), delay(2000)]);
    await delay(randomInt(400));
    starter.child.kill('SIGKILL');
    await starter.ended;

    expect(copiesOf(id, sleeper.command).length).toBeLessThanOrEqual(1);
    const { address } = await startAsRetried({ ...spec(id), start: sleeper });
    // Found in the moment between writing its pid down and becoming the command, it is not yet one.
    await expect.poll(() => copiesOf(id, sleeper.command)).toHaveLength(1);
    expect(await worker().inspect(id)).toEqual({ state: 'running', address });
  }
  await runtime.stop(id, 1000);
  await expect.poll(() => processesOf(id)).toEqual([]);
}, 120_000);

test('two starters that are killed again and again have one instance between them', async () => {
  const id = newId();
  for (let kill = 0; kill < 5; kill += 1) {
    const both = [startAgain(id), startAgain(id)];
    const until = performance.now() + 800 + randomInt(400);
    while (performance.now() < until) {
      expect(copiesOf(id, sleeper.command).length).toBeLessThanOrEqual(1);
      await delay(20);
    }
    for (const { child } of both) child.kill('SIGKILL');
    await Promise.all(both.map(({ ended }) => ended));
  }
  await runtime.stop(id, 1000);
  await expect.poll(() => processesOf(id)).toEqual([]);
}, 60_000);

test('a zombie does not run', async () => {
  const id = newId();
  await runtime.start(spec(id), never);
  // Its parent is this process, which cannot look at it while it is busy: until then it is a zombie.
  for (const pid of processesOf(id)) process.kill(pid, 'SIGKILL');
  const until = performance.now() + 100;
  while (performance.now() < until);
  expect(await worker().inspect(id)).toMatchObject({ state: 'exited' });
});

test('a pid that belongs to somebody else by now is neither taken for the instance nor killed', async () => {
  const id = newId();
  await runtime.start(spec(id), never);
  for (const pid of processesOf(id)) process.kill(pid, 'SIGKILL');
  await expect.poll(() => runtime.inspect(id)).toMatchObject({ state: 'exited' });
  const bystander = spawn('sleep', ['60']);
  await once(bystander, 'spawn');
  const file = join(folderOf(id), 'process');
  const [boot = '', line = ''] = (await readFile(file, 'utf8')).split('\n');
  await writeFile(file, `${boot}\n${line.replace(/^[0-9]+/, String(bystander.pid))}\n`);

  expect(await runtime.inspect(id)).toMatchObject({ state: 'exited' });
  await runtime.stop(id, 500);
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  bystander.kill('SIGKILL');
});

test('pids of another boot mean nothing', async () => {
  const id = newId();
  const { address } = await runtime.start(spec(id), never);
  const file = join(folderOf(id), 'process');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/^.*/, '00000000-0000-0000-0000-000000000000'));
  expect(await runtime.inspect(id)).toMatchObject({ state: 'exited' });

  await writeFile(file, text);
  expect(await runtime.inspect(id)).toEqual({ state: 'running', address });
});

test('a record without a process, or none that can be read, is no obstacle', async () => {
  for (const record of ['', '{"id":', null]) {
    const id = newId();
    await mkdir(folderOf(id), { recursive: true });
    if (record !== null) await writeFile(join(folderOf(id), 'record.json'), record);
    expect(await runtime.inspect(id)).toEqual({ state: 'absent' });
    const { address } = await runtime.start(spec(id), never);
    expect(await runtime.inspect(id)).toEqual({ state: 'running', address });
    await runtime.stop(id, 500);
    await expect(stat(folderOf(id))).rejects.toMatchObject({ code: 'ENOENT' });
  }
});

test('what an instance started ends with it, also after a crash of the instance alone', async () => {
  const id = newId();
  const nested = ['/bin/sh', '-c', `sleep 300 & exec "${sample.busybox}" sleep 300`];
  await runtime.start({ ...spec(id), start: { runtime: 'process', command: nested } }, never);
  expect(processesOf(id)).toHaveLength(2);
  const main = Number((await readFile(join(folderOf(id), 'process'), 'utf8')).split('\n')[1]?.split(' ')[0]);
  process.kill(main, 'SIGKILL');
  await expect.poll(() => runtime.inspect(id)).toMatchObject({ state: 'exited', code: 137 });

  await runtime.start(spec(id), never);
  expect(processesOf(id)).toHaveLength(1);
  await runtime.stop(id, 500);
  expect(processesOf(id)).toEqual([]);
});

test('what dropped the marker and left the group still ends with the instance', async () => {
  const id = newId();
  const file = join(sample.folder, id);
  const astray = ['/bin/sh', '-c', `env -i setsid sleep 300 & echo $! > ${file}; exec sleep 300`];
  await runtime.start({ ...spec(id), start: { runtime: 'process', command: astray } }, never);
  const pid = Number(await readFile(file, 'utf8'));
  expect(processesOf(id)).not.toContain(pid);
  expect(markOf(pid)).not.toBeNull();
  await runtime.stop(id, 500);
  expect(markOf(pid)).toBeNull();
});

test('output is bounded while the instance runs', async () => {
  const id = newId();
  await runtime.start(spec(id), never);
  const file = join(folderOf(id), 'output.log');
  for (let round = 0; round < 3; round += 1) {
    await appendFile(file, Buffer.alloc(5 << 20, 'x'));
    await runtime.inspect(id);
    expect((await stat(file)).size).toBeLessThan(1 << 20);
  }
  expect((await stat(join(folderOf(id), 'output.previous.log'))).size).toBeLessThan(4.1 * (1 << 20));
});

test('an instance gets a few variables of the worker, and none of its secrets', async () => {
  const id = newId();
  const rich = createProcessRuntime({ home, env: { ...process.env, DATABASE_URL: 'postgres://secret' } });
  await rich.start(spec(id), never);
  const [pid] = processesOf(id);
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
  expect(environment).toContain(`HOLDFAST_INSTANCE=${id}`);
  expect(environment).not.toContain('DATABASE_URL');
});

test('an id that is no plain name reaches no other folder', async () => {
  for (const id of ['../../etc', 'a/b', '', '.hidden', 'a\0b']) {
    await expect(runtime.start({ ...spec(newId()), id }, never)).rejects.toMatchObject({
      code: 'invalid-input',
    });
    await expect(runtime.stop(id, 100)).rejects.toMatchObject({ code: 'invalid-input' });
  }
});

test.each([
  ['a cwd that is not there', { cwd: '/no/such/folder' }, '/no/such/folder'],
  ['a cwd that is a file', { cwd: '/etc/hostname' }, '/etc/hostname'],
  ['a program that may not be run', { command: ['/etc/hostname'] }, '/etc/hostname'],
  ['a program that is a folder', { command: ['/etc'] }, '/etc'],
])('%s is refused by name', async (_, how, named) => {
  const id = newId();
  const start = { runtime: 'process' as const, command: ['/bin/true'], ...how };
  await expect(runtime.start({ ...spec(id), start }, never)).rejects.toMatchObject({
    code: 'start-failed',
    message: expect.stringContaining(named) as string,
  });
  expect(processesOf(id)).toEqual([]);
});

test('a hundred instances are each found, alone, and stopped', async () => {
  const ids = Array.from({ length: 100 }, newId);
  for (let at = 0; at < ids.length; at += 20) {
    const batch = ids.slice(at, at + 20);
    await Promise.all(batch.map((id) => runtime.start({ ...spec(id), start: sleeper }, never)));
  }
  for (const id of ids) {
    expect((await runtime.inspect(id)).state).toBe('running');
    expect(processesOf(id)).toHaveLength(1);
  }
  await Promise.all(ids.map((id) => runtime.stop(id, 500)));
  expect(ids.flatMap(processesOf)).toEqual([]);
}, 60_000);

interface Starter {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<unknown>;
}

const starterFile = new URL('../support/start-again.ts', import.meta.url).pathname;

function startAgain(id: string): Starter {
  const child = spawn(process.execPath, [starterFile, home, JSON.stringify({ ...spec(id), start: sleeper })]);
  const ended = once(child, 'exit');
  starters.add({ child, ended });
  return { child, ended };
}

/** A stop that the killed one had begun may still come first: that is answered as something to try again. */
async function startAsRetried(instance: InstanceSpec): Promise<{ address: string }> {
  for (;;) {
    try {
      return await worker().start(instance, never);
    } catch (error) {
      if ((error as OpsError).code !== 'unavailable') throw error;
    }
  }
}

function worker(): Runtime {
  return createProcessRuntime({ home, env: process.env });
}

function spec(id: string): InstanceSpec {
  const env = { VERSION: '{version}', WWW: join(sample.folder, `www-${id}`), BUSYBOX: sample.busybox };
  const start = { runtime: 'process' as const, command: [sample.script], env };
  return { id, project: 'default', service: 'shop', version: 'v1', start };
}

function folderOf(id: string): string {
  return join(home, 'instances', id);
}

function newId(): string {
  const id = `default.shop.v1.${randomUUID().slice(0, 8)}`;
  started.add(id);
  return id;
}
