import { spawn } from 'node:child_process';

/** What is to run in place of this program. */
export interface HandOver {
  readonly program: string;
  /** The program whose verb `guard` watches over the trial of it; null: it is on no trial. */
  readonly guard: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Becomes the other program: the same process id, so whoever started the agent notices nothing. Files and sockets close by themselves.
 * The guard is a child, and stays one: it knows by its parent whether the trial still lives.
 */
export function handOver({ program, guard }: HandOver, env: Environment): never {
  const node = [process.execPath, ...process.execArgv];
  if (guard !== null)
    spawn(process.execPath, [...process.execArgv, guard, 'guard'], {
      ...{ env: { ...env }, stdio: ['ignore', 'ignore', 'inherit'] },
    }).unref();
  if (!process.execve) throw new Error('this Node cannot replace a process; 22.15 or newer can');
  return process.execve(process.execPath, [...node, program, 'run'], { ...env });
}
