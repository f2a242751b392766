import { randomUUID } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OpsError } from '../../domain/errors.ts';
import { defaultPortRange, freePort, isPortFree, type PortRange } from './free-port.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { commandOf } from './process/command.ts';
import { endInstance, endLeftovers } from './process/end.ts';
import {
  allRecords,
  exitCodeOf,
  instanceFolder,
  recordOf,
  runningProcess,
  writeTicket,
  type InstanceFolder,
} from './process/folder.ts';
import { launch } from './process/launch.ts';
import { boundOutput, lastOutput } from './process/output.ts';
import { redact } from './redact.ts';
import type { OwnEnvironment } from './references.ts';
import type { InstanceSpec, InstanceStatus, Runtime } from './runtime.ts';
import { stoppedMeanwhile } from './stopped-meanwhile.ts';
import { untilAborted } from './until-aborted.ts';

export interface ProcessRuntimeOptions {
  /** Everything is kept in `<home>/instances`; two runtimes with one home see the same instances. */
  readonly home: string;
  /** The environment of the worker: where `env:NAME` looks. Instances inherit a few harmless variables of it, not the rest. */
  readonly env: OwnEnvironment;
  readonly portRange?: PortRange;
}

const rounds = 8;
const heldPatienceMs = 3000;

/** A version is a command: each instance is a process that outlives the worker and is never started twice, whatever is killed. */
export function createProcessRuntime(options: ProcessRuntimeOptions): Runtime {
  const { env, portRange = defaultPortRange } = options;
  mkdirSync(options.home, { recursive: true });
  // As the kernel names it, so that another way to write it finds the same processes.
  const home = realpathSync(options.home);
  const root = join(home, 'instances');
  const inTurn = oneAtATime();
  const claimed = new Set<number>();

  async function start(spec: InstanceSpec, signal: AbortSignal): Promise<{ address: string }> {
    const folder = instanceFolder(root, spec.id);
    for (let round = 0; round < rounds; round += 1) {
      signal.throwIfAborted();
      const known = await recordOf(folder);
      if (known !== null && (await runningProcess(folder)) !== null)
        return { address: addressOf(known.port) };
      const port = await portFor(known?.port ?? null);
      try {
        const attempt = randomUUID();
        const { references, ...command } = await commandOf(spec, { home, port, env });
        const { id, project, service, version } = spec;
        await writeTicket(folder, { id, project, service, version, port, attempt, references });
        const outcome = await launch({ folder, attempt, ...command });
        if (outcome.kind === 'runs') return { address: addressOf(port) };
        if (outcome.kind === 'held') await untilFree(spec.id);
        // What was removed meanwhile is somebody else's now: nothing of it may be touched.
        else if (outcome.kind === 'removed' || (await recordOf(folder))?.attempt !== attempt)
          throw stoppedMeanwhile(spec.id);
        else await refuseEnded(spec.id, outcome.how, folder, port);
      } finally {
        claimed.delete(port);
      }
    }
    throw new OpsError(
      'unavailable',
      `${spec.id} is held by another process that neither runs nor ends; look at ${folder.path}`,
    );
  }

  async function portFor(kept: number | null): Promise<number> {
    if (kept !== null && !claimed.has(kept) && (await isPortFree(kept))) return claim(kept);
    const reserved = new Set((await allRecords(root)).map((record) => record.port));
    for (;;) {
      const port = await freePort(portRange, reserved);
      if (!claimed.has(port)) return claim(port);
    }
  }

  function claim(port: number): number {
    claimed.add(port);
    return port;
  }

  /** Waits for a starter elsewhere; what holds on without running is what a dead instance left behind. */
  async function untilFree(id: string): Promise<void> {
    const folder = instanceFolder(root, id);
    const deadline = performance.now() + heldPatienceMs;
    while (performance.now() < deadline) {
      if ((await runningProcess(folder)) !== null) return;
      await delay(50);
    }
    await endLeftovers(home, id, folder);
  }

  async function refuseEnded(id: string, how: string, folder: InstanceFolder, port: number): Promise<void> {
    const said = (await outputOf(folder)).slice(-1000);
    await endLeftovers(home, id, folder);
    // Somebody else took the port between our look and the command's: not the command's fault.
    if (!(await isPortFree(port))) return;
    const what = said === '' ? 'it wrote nothing' : `its last output: ${said}`;
    throw new OpsError('start-failed', `${id} ended at once ${how}; ${what}`);
  }

  async function inspect(id: string): Promise<InstanceStatus> {
    const folder = instanceFolder(root, id);
    const record = await recordOf(folder);
    if (record === null) return { state: 'absent' };
    await boundOutput(folder.output);
    if ((await runningProcess(folder)) !== null) return { state: 'running', address: addressOf(record.port) };
    const code = await exitCodeOf(folder, record.attempt);
    return { state: 'exited', code, lastOutput: await outputOf(folder) };
  }

  async function outputOf(folder: InstanceFolder): Promise<string> {
    const { references = [] } = (await recordOf(folder)) ?? {};
    return redact(await lastOutput(folder.output), references, env);
  }

  async function list(project: string, service: string): Promise<string[]> {
    const records = await allRecords(root);
    return records
      .filter((record) => record.project === project && record.service === service)
      .map((record) => record.id)
      .sort();
  }

  return {
    start: (spec, signal) => untilAborted(signal, () => inTurn(spec.id, () => start(spec, signal))),
    inspect,
    stop: (id, graceMs) => inTurn(id, () => endInstance({ home, root, id, graceMs })),
    list,
  };
}

function addressOf(port: number): string {
  return `127.0.0.1:${port}`;
}
