import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { OpsError } from '../../domain/errors.ts';
import { freePort } from '../net/ports.ts';
import { serverArguments, type TemporalOptions } from './command.ts';
import { untilTemporalIsReady } from './ready.ts';

export interface RunningTemporal {
  /** host:port of the frontend. */
  readonly address: string;
  readonly namespace: string;
  readonly pid: number;
  /** Resolves when the process is gone. */
  stop(): Promise<void>;
}

/** Starts a server of our own on the loopback address and waits until its namespace answers. */
export async function startTemporal(
  binary: string,
  options: Partial<TemporalOptions> & { folder?: string } = {},
): Promise<RunningTemporal> {
  const port = options.port ?? (await freePort());
  const namespace = options.namespace ?? 'holdfast';
  const { uiPort = null, database = null } = options;
  const args = serverArguments({ port, namespace, uiPort, database });
  const child = spawn(binary, args, { cwd: options.folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  child.on('error', (error) => (said = error.message));
  const address = `127.0.0.1:${port}`;
  try {
    await untilTemporalIsReady({ binary, address, namespace }, 30_000, () => hasEnded(child));
  } catch (cause) {
    await stop(child);
    throw new OpsError('unavailable', `the Temporal server did not start: ${said.trim()}`, {}, cause);
  }
  return { address, namespace, pid: child.pid ?? 0, stop: () => stop(child) };
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(timer);
}
