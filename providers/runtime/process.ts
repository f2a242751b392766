import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, open, stat, truncate } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessStart } from '../../contracts/service.ts';
import { OpsError } from '../../domain/errors.ts';
import { fillIn, resolveEnvironment } from './placeholders.ts';
import { recordFolder, type InstanceRecord } from './process-record.ts';
import { carriesMark, pidsMarked } from './process-table.ts';
import type { InstanceSpec, InstanceStatus, Runtime } from './runtime.ts';

/** Time in which a command that cannot run shows it. */
const settleMs = 300;
/** `flock` answers this when another process holds the instance's lock. */
const lockHeld = 75;
const outputLimit = 10 * 1024 * 1024;
const mark = 'HOLDFAST_INSTANCE';

export interface ProcessRuntimeOptions {
  /** State folder; instances live below `instances/`. */
  readonly home: string;
  /** Environment of the worker: what instances inherit and where `env:NAME` looks. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * A version is a command. Instances are processes of their own session, so they survive the worker; a kernel lock held for the life
 * of the process (flock) keeps an instance from ever running twice, whoever starts it and whatever was killed before.
 */
export function createProcessRuntime({ home, env }: ProcessRuntimeOptions): Runtime {
  const records = recordFolder(path.join(home, 'instances'));

  async function start(instance: InstanceSpec, signal: AbortSignal): Promise<{ address: string }> {
    if (instance.start.runtime !== 'process')
      throw new OpsError('invalid-input', `${instance.id} is no process`);
    const record = await records.create(instance, await freePort());
    const address = `127.0.0.1:${record.port}`;
    if (await livingPid(record)) return { address };
    await launch(instance, instance.start, record, signal);
    return { address };
  }

  async function launch(
    instance: InstanceSpec,
    how: ProcessStart,
    record: InstanceRecord,
    signal: AbortSignal,
  ): Promise<void> {
    const folder = records.folderOf(instance.id);
    if (how.cwd !== undefined && !existsSync(how.cwd))
      throw failed(instance, `its folder ${how.cwd} does not exist`);
    const values = { version: instance.version, port: String(record.port), instance: instance.id };
    const [command = '', ...args] = how.command.map((part) => fillIn(part, values));
    const environment = {
      ...env,
      PORT: values.port,
      HOST: '127.0.0.1',
      ...resolveEnvironment(how.env ?? {}, values, env),
      [mark]: instance.id,
      HOLDFAST_HOME: home,
    };
    await boundOutput(path.join(folder, 'output.log'));
    const output = openSync(path.join(folder, 'output.log'), 'a');
    const lock = [
      '--nonblock',
      '--no-fork',
      '--conflict-exit-code',
      String(lockHeld),
      path.join(folder, 'lock'),
    ];
    const child = spawn('flock', [...lock, command, ...args], {
      cwd: how.cwd ?? folder,
      env: environment,
      detached: true,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    const ended = new Promise<number | null | Error>((resolve) => {
      child.once('exit', resolve);
      child.once('error', resolve);
    });
    child.unref();
    const outcome = await Promise.race([
      ended,
      delay(settleMs, 'running' as const, { signal, ref: false }).catch(() => 'running' as const),
    ]);
    if (outcome === lockHeld) return;
    if (outcome instanceof Error)
      throw failed(instance, `flock (package util-linux) cannot be run: ${outcome.message}`);
    if (outcome !== 'running') {
      throw failed(instance, `it ended at once with code ${outcome}: ${await lastOutput(instance.id)}`);
    }
    await records.write({ ...record, pid: child.pid ?? 0 });
  }

  async function inspect(id: string): Promise<InstanceStatus> {
    const record = await records.read(id);
    if (record === null) return { state: 'absent' };
    if (await livingPid(record)) return { state: 'running', address: `127.0.0.1:${record.port}` };
    return { state: 'exited', code: null, lastOutput: await lastOutput(id) };
  }

  async function stop(id: string, graceMs: number): Promise<void> {
    const until = Date.now() + graceMs;
    for (let pids = await pidsOf(id); pids.length > 0; pids = await pidsOf(id)) {
      for (const pid of pids) end(pid, Date.now() < until ? 'SIGTERM' : 'SIGKILL');
      await delay(50);
    }
    await records.remove(id);
  }

  async function pidsOf(id: string): Promise<number[]> {
    const marked = await pidsMarked(mark, id);
    const ours = await Promise.all(marked.map((pid) => carriesMark(pid, 'HOLDFAST_HOME', home)));
    return marked.filter((_, index) => ours[index]);
  }

  async function livingPid(record: InstanceRecord): Promise<boolean> {
    if (await carriesMark(record.pid, mark, record.id)) return true;
    // The starter may have been killed between the start and writing the pid down.
    const [pid] = await pidsOf(record.id);
    if (pid !== undefined) await records.write({ ...record, pid });
    return pid !== undefined;
  }

  async function lastOutput(id: string): Promise<string> {
    const file = await open(path.join(records.folderOf(id), 'output.log')).catch(() => null);
    if (file === null) return '(no output)';
    try {
      const { size } = await file.stat();
      const tail = Math.min(size, 1000);
      const { buffer } = await file.read(Buffer.alloc(tail), 0, tail, size - tail);
      return buffer.toString('utf8').trim() || '(no output)';
    } finally {
      await file.close();
    }
  }

  async function list(project: string, service: string): Promise<string[]> {
    const all = await records.all();
    return all
      .filter((record) => record.project === project && record.service === service)
      .map((record) => record.id);
  }

  return { start, inspect, stop, list };
}

async function boundOutput(file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const size = await stat(file).then(
    (info) => info.size,
    () => 0,
  );
  if (size > outputLimit) await truncate(file, 0);
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself meanwhile.
  }
}

function failed(instance: InstanceSpec, why: string): OpsError {
  return new OpsError('start-failed', `${instance.id} did not start: ${why}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
