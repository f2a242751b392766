import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { OpsError } from '../../domain/errors.ts';
import { confinedCommand, confinedEnvironment } from './confined.ts';

interface Expected {
  readonly folder: string;
  /** Paths of the sockets that it is ready with. */
  readonly sockets: readonly string[];
  readonly signal: AbortSignal;
}

export interface ConfinedServer {
  stop(): Promise<void>;
}

const startMs = 15_000;
const lookMs = 5;
const mostSaid = 64 * 1024;

/** Starts a program that serves until it is stopped, or until we end. Throws `unavailable` with what it said when it does not. */
export async function startConfined(
  command: readonly string[],
  { folder, sockets, signal }: Expected,
): Promise<ConfinedServer> {
  const whole = ['setpriv', '--pdeathsig', 'KILL', '--', ...(await confinedCommand(command))];
  const [program = '', ...args] = whole;
  const child = spawn(program, args, {
    cwd: folder,
    env: confinedEnvironment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (part: Buffer) => (said = (said + part.toString()).slice(-mostSaid)));
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(refusal(error.message)));
    child.once('exit', () => reject(refusal(said)));
  });
  // Heard here as well, since nobody waits for it once the program runs.
  failed.catch(() => undefined);
  try {
    await Promise.race([failed, untilReady(sockets, signal)]);
  } catch (error) {
    await end(child);
    throw error;
  }
  return { stop: () => end(child) };
}

async function untilReady(sockets: readonly string[], signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + startMs;
  // The last one is bound last.
  const last = sockets.at(-1);
  while (last !== undefined && !(await accepts(last))) {
    signal.throwIfAborted();
    if (performance.now() > deadline) throw refusal(`no answer on ${last} within ${startMs} ms`);
    await sleep(lookMs);
  }
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function refusal(said: string): OpsError {
  return new OpsError('unavailable', `the shadow run did not start: ${said.trim().slice(-1000)}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
