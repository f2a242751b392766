import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { OpsError } from '../../domain/errors.ts';

interface Confinement {
  /** The only folder it has business in. */
  readonly folder: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

interface Ended {
  readonly code: number;
  /** What it wrote, standard error first. */
  readonly output: string;
}

interface Failure {
  readonly code?: unknown;
  readonly killed?: boolean;
  readonly stdout?: string;
  readonly stderr?: string;
}

const memoryBytes = 2 * 1024 ** 3;
const cpuSeconds = 15;
const mostOutput = 1024 * 1024;

/**
 * Runs a program that reads what somebody wrote: no environment, bounded memory and processor time, and no network where the kernel
 * lets us. Throws `unavailable` when it is not there, `timeout` when it does not end.
 */
export async function runConfined(command: readonly string[], confinement: Confinement): Promise<Ended> {
  const [program = '', ...args] = await confinedCommand(command);
  try {
    const { stdout, stderr } = await run(program, args, options(confinement));
    return { code: 0, output: stderr + stdout };
  } catch (error) {
    return endedBadly(error, command[0] ?? '', confinement);
  }
}

/** The command with what confines it before it. */
export async function confinedCommand(command: readonly string[]): Promise<string[]> {
  const limits = [`--as=${memoryBytes}`, `--cpu=${cpuSeconds}`, '--core=0', '--'];
  return [...(await withoutNetwork()), 'prlimit', ...limits, ...command];
}

export const confinedEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
};

const run = promisify(execFile);

function options({ folder, timeoutMs, signal }: Confinement) {
  return {
    cwd: folder,
    env: confinedEnvironment,
    timeout: timeoutMs,
    killSignal: 'SIGKILL' as const,
    maxBuffer: mostOutput,
    signal,
  };
}

function endedBadly(error: unknown, program: string, { timeoutMs, signal }: Confinement): Ended {
  const { code, killed, stdout = '', stderr = '' } = error as Failure;
  signal.throwIfAborted();
  if (code === 'ENOENT' || code === 127)
    throw new OpsError(
      'unavailable',
      `${program} or prlimit is not installed where this runs; install haproxy and util-linux`,
    );
  if (killed === true) throw new OpsError('timeout', `${program} did not end within ${timeoutMs} ms`);
  return { code: typeof code === 'number' ? code : 1, output: stderr + stdout };
}

const ways = [
  ['unshare', '--net', '--'],
  ['unshare', '--map-root-user', '--net', '--'],
];
let found: Promise<readonly string[]> | null = null;

/** The words that put a command into a network of its own; none where that is not allowed, as in most containers. */
function withoutNetwork(): Promise<readonly string[]> {
  found ??= firstThatWorks();
  return found;
}

async function firstThatWorks(): Promise<readonly string[]> {
  for (const [program = '', ...args] of ways) {
    const works = await run(program, [...args, 'true'], { timeout: 2000 }).then(
      () => true,
      () => false,
    );
    if (works) return [program, ...args];
  }
  return [];
}
