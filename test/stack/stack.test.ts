import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { freePort, isPortFree } from '../../infra/net/ports.ts';
import { isAlive } from '../../infra/process/proc.ts';
import { readStackRecord, type StackRecord } from '../../infra/stack/record.ts';
import type { StackStatus } from '../../infra/stack/status.ts';
import { remainingProcesses } from '../../infra/stack/survivors.ts';

/** One stack, told as a story: each test goes on where the one before left it. */
const folder = await mkdtemp(join(tmpdir(), 'holdfast-stack-'));
// PostgreSQL runs as another account when we are root, and has to pass through.
await chmod(folder, 0o711);
const home = join(folder, 'state');
const env = { ...process.env, HOLDFAST_HOME: home, ...(await portsOfOurOwn()) };
afterAll(async () => {
  await holdfast('down');
  await rm(folder, { recursive: true, force: true });
});

test('up starts everything and says where it is', { timeout: 120_000 }, async () => {
  const up = await holdfast('up', '--json');

  expect(up).toMatchObject({ code: 0, json: { started: true, running: true, state: 'ready' } });
  const { urls } = up.json as StackStatus;
  expect((await fetch(`${urls?.api}/readyz`)).status).toBe(200);
  expect((await fetch(`${urls?.docs}`)).status).toBe(200);
  // HAProxy answers, though no release has been started yet.
  expect((await fetch(`${urls?.frontend}`)).status).toBe(503);
  expect((await fetch(`${urls?.temporalUi}`)).status).toBe(200);
});

test('a second up changes nothing', async () => {
  const before = await record();

  const up = await holdfast('up');

  expect(up.code).toBe(0);
  expect(up.stderr).toContain('nothing changed');
  expect(await record()).toEqual(before);
});

test('the launcher works through a symlink from anywhere', async () => {
  await symlink(join(process.cwd(), 'holdfast'), join(folder, 'hf'));

  const status = await run(join(folder, 'hf'), ['status', '--json'], '/');

  expect(status.json).toMatchObject({ running: true, memoryGoalMiB: 700 });
});

test('status counts the memory of every part', async () => {
  const { json } = await holdfast('status', '--json');

  const { parts, totalPssMiB } = json as StackStatus;
  expect(parts.map((part) => part.name)).toEqual([
    ...['supervisor', 'postgres', 'temporal', 'api', 'haproxy', 'proxy-agent', 'worker'],
  ]);
  expect(parts.every((part) => (part.pssMiB ?? 0) > 1)).toBe(true);
  const sum = parts.reduce((total, part) => total + (part.pssMiB ?? 0), 0);
  expect(Math.abs(totalPssMiB - sum)).toBeLessThan(parts.length);
});

test('doctor finds nothing wrong', { timeout: 60_000 }, async () => {
  await until(async () => (await holdfast('doctor', '--json')).code === 0, 20_000);

  const watch = await holdfast('doctor', '--watch', '--once');

  expect(watch).toMatchObject({ code: 0, stdout: 'all is well\n' });
});

test('every killed part is started again', { timeout: 90_000 }, async () => {
  const before = await record();

  for (const part of before.parts) process.kill(pidOf(part), 'SIGKILL');

  await until(async () => {
    const { parts } = await record();
    return parts.every((part) => part.state === 'running' && part.restarts >= 1);
  }, 60_000);
  const after = await record();
  expect(after.supervisor).toEqual(before.supervisor);
  expect(after.urls).toEqual(before.urls);
  expect((await fetch(`${after.urls.api}/readyz`)).status).toBe(200);
});

test('up after a kill -9 of everything heals', { timeout: 120_000 }, async () => {
  const before = await record();
  for (const { pid } of remainingProcesses(home)) process.kill(pid, 'SIGKILL');
  expect((await holdfast('status')).stdout).toContain('supervisor was killed');

  const up = await holdfast('up', '--json');

  expect(up).toMatchObject({ code: 0, json: { started: true, running: true } });
  expect((await record()).urls).toEqual(before.urls);
});

test(
  'up after a kill -9 of the supervisor alone takes over, and HAProxy serves on',
  { timeout: 120_000 },
  async () => {
    const before = await record();
    process.kill(before.supervisor.pid, 'SIGKILL');

    const up = await holdfast('up', '--json');

    expect(up).toMatchObject({ code: 0, json: { running: true } });
    const after = await record();
    expect(after.urls).toEqual(before.urls);
    const survivors = before.parts.filter((part) => part.process !== null && isAlive(part.process));
    expect(survivors.map((part) => part.name)).toEqual(['haproxy']);
    expect(after.parts.find((part) => part.name === 'haproxy')?.process).toEqual(survivors[0]?.process);
  },
);

test('down leaves no process, port, socket or lock', { timeout: 60_000 }, async () => {
  const { ports } = await record();
  const instance = spawn('sleep', ['1000'], {
    env: { ...env, HOLDFAST_INSTANCE: 'shop-v1-0' },
    stdio: 'ignore',
  });
  const ended = once(instance, 'exit');

  const down = await holdfast('down');

  await ended;
  expect(down).toMatchObject({ code: 0, stdout: 'the stack is down\n' });
  expect(remainingProcesses(home)).toEqual([]);
  const { agentLog: _udp, ...tcp } = ports;
  for (const port of Object.values(tcp)) expect(await isPortFree(port)).toBe(true);
  expect(await sockets(folder)).toEqual([]);
  expect(existsSync(join(home, 'stack.json'))).toBe(false);
  expect(existsSync(join(home, 'postgres/data/postmaster.pid'))).toBe(false);
  expect(await readFile('/proc/net/unix', 'utf8')).not.toContain(home);
});

test('a second down has nothing to do', async () => {
  expect(await holdfast('down')).toMatchObject({ code: 0, stdout: 'nothing was running\n' });
  expect(await holdfast('status')).toMatchObject({ code: 1 });
});

test('up that cannot start says which part and why, and leaves nothing', { timeout: 120_000 }, async () => {
  const up = await holdfast('up', '--json', { HOLDFAST_TEMPORAL_BIN: '/bin/false' });

  expect(up.code).toBe(1);
  expect(up.stderr).toContain('temporal did not start');
  expect(remainingProcesses(home)).toEqual([]);
});

test('a wrong setting is a usage error that names it', async () => {
  const up = await holdfast('up', { HOLDFAST_API_PORT: 'seven' });

  expect(up.code).toBe(2);
  expect(up.stderr).toContain('HOLDFAST_API_PORT');
});

async function record(): Promise<StackRecord> {
  const found = await readStackRecord(home);
  if (found === null) throw new Error('there is no stack.json');
  return found;
}

function pidOf(part: StackRecord['parts'][number]): number {
  if (part.process === null) throw new Error(`${part.name} does not run`);
  return part.process.pid;
}

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly json: unknown;
}

async function holdfast(...words: (string | Record<string, string>)[]): Promise<Ran> {
  const args = words.filter((word) => typeof word === 'string');
  const more = Object.assign({}, ...words.filter((word) => typeof word !== 'string')) as Record<
    string,
    string
  >;
  return run('./holdfast', args, process.cwd(), more);
}

async function run(file: string, args: readonly string[], cwd: string, more = {}): Promise<Ran> {
  const child = spawn(file, args, { cwd, env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [child.stdout, child.stderr].map((stream) => stream.toArray());
  const [code] = (await once(child, 'close')) as [number | null];
  const [stdout = '', stderr = ''] = (await Promise.all(said)).map((chunks) =>
    Buffer.concat(chunks).toString(),
  );
  const json: unknown = stdout.startsWith('{') ? JSON.parse(stdout) : null;
  return { code, stdout, stderr, json };
}

async function until(holds: () => Promise<boolean>, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`it did not come true within ${withinMs} ms`);
    await delay(100);
  }
}

async function sockets(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isSocket()).map((entry) => entry.name);
}

async function portsOfOurOwn(): Promise<Record<string, string>> {
  const names = ['API', 'TEMPORAL', 'UI', 'FRONTEND', 'METRICS', 'SDK_METRICS'];
  const ports: [string, string][] = [];
  for (const name of names) ports.push([`HOLDFAST_${name}_PORT`, String(await freePort())]);
  return Object.fromEntries(ports);
}
