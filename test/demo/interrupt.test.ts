import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort, isPortFree } from '../../infra/net/ports.ts';
import { environmentOf, findProcesses } from '../../infra/process/proc.ts';
import { remainingProcesses } from '../../infra/stack/survivors.ts';

/** Who stops the demo in the middle has nothing to clean up. */
const root = resolve(import.meta.dirname, '../..');
let folder = '';
let ports: Record<string, string> = {};
let demo: ChildProcess | null = null;
let said = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-demo-'));
  // PostgreSQL runs as another account when we are root, and has to pass through.
  await chmod(folder, 0o711);
  ports = await portsOfOurOwn();
});

afterEach(async () => {
  if (demo?.exitCode === null && demo.signalCode === null) await interrupt('group');
  await rm(folder, { recursive: true, force: true });
}, 120_000);

describe('a demo that is interrupted leaves no process, port, socket or lock', () => {
  test.each([
    ['by Ctrl-C while the stack comes up', '$ holdfast up', 'group'],
    ['by a signal to itself alone while the stack comes up', '$ holdfast up', 'itself'],
    ['by Ctrl-C, twice, under load', '$ holdfast canary start shop v2', 'group, twice'],
    // The whole canary comes before it.
    ['by Ctrl-C while a fleet takes a configuration', 'wave.ordered', 'group'],
  ] as const)('%s', { timeout: 900_000 }, async (_, moment, whom) => {
    await play(moment);

    await interrupt(whom);

    expect(said).toContain('stopping what the demo started');
    expect(said).not.toContain('the demo failed');
    expect(remainingProcesses(join(folder, 'demo'))).toEqual([]);
    expect(findProcesses((pid) => environmentOf(pid).get('HOLDFAST_HOME') === folder)).toEqual([]);
    for (const port of Object.values(ports)) expect(await isPortFree(Number(port))).toBe(true);
    expect(await sockets(folder)).toEqual([]);
    expect(await readFile('/proc/net/unix', 'utf8')).not.toContain(folder);
    for (const lock of ['stack.json', 'postgres/data/postmaster.pid'])
      expect(existsSync(join(folder, 'demo', lock))).toBe(false);
  });
});

/** Starts the demo as a terminal does, in a process group of its own, and waits until it says something. */
async function play(moment: string): Promise<void> {
  const env = { ...process.env, HOLDFAST_HOME: folder, KEEP: '', ...ports };
  const child = spawn('make', ['--no-print-directory', 'demo'], { cwd: root, env, detached: true });
  demo = child;
  said = '';
  const reached = new Promise<void>((reach) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        said += data.toString();
        if (said.includes(moment)) reach();
      });
  });
  const ended = once(child, 'close').then(() => {
    throw new Error(`the demo ended before it said ${moment}: ${said}`);
  });
  await Promise.race([reached, ended]);
  ended.catch(() => undefined);
}

async function interrupt(whom: 'group' | 'itself' | 'group, twice'): Promise<void> {
  const group = demo?.pid ?? 0;
  const ended = once(demo as ChildProcess, 'close');
  if (whom === 'itself') process.kill(demoItself(), 'SIGINT');
  else process.kill(-group, 'SIGINT');
  if (whom === 'group, twice') {
    await expect.poll(() => said, { timeout: 60_000 }).toContain('$ holdfast down');
    process.kill(-group, 'SIGINT');
  }
  await ended;
}

function demoItself(): number {
  const isDemo = (pid: number): boolean => environmentOf(pid).get('HOLDFAST_HOME') === folder;
  const node = findProcesses(isDemo).find(({ pid }) => commandOf(pid).includes('infra/demo/main.ts'));
  if (node === undefined) throw new Error('the demo does not run');
  return node.pid;
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
}

async function sockets(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isSocket()).map((entry) => entry.name);
}

async function portsOfOurOwn(): Promise<Record<string, string>> {
  const names = ['API', 'TEMPORAL', 'UI', 'FRONTEND', 'METRICS', 'SDK_METRICS'];
  const chosen: [string, string][] = [];
  for (const name of names) chosen.push([`HOLDFAST_${name}_PORT`, String(await freePort())]);
  return Object.fromEntries(chosen);
}
