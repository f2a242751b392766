import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Fate } from './lane-points.ts';

export interface CrashWorker {
  readonly pid: number;
  /** Names of the points reached so far, in order. */
  readonly points: readonly string[];
  /** Resolves when the process is gone, with the signal that ended it. */
  readonly gone: Promise<NodeJS.Signals | null>;
  stop(): Promise<void>;
}

export interface CrashWorkerOptions {
  readonly address: string;
  readonly namespace: string;
  readonly databaseUrl: string;
  readonly home: string;
  /** File of the workflow bundle with its activation points; made when it is not there. */
  readonly bundle: string;
  readonly dockerHost: string | null;
  readonly fate: Fate;
}

/** Starts the worker of `lane-worker.ts` and waits until it polls; it is among `workers` as long as it lives. */
export async function startCrashWorker(
  options: CrashWorkerOptions,
  workers: Set<ChildProcess>,
): Promise<CrashWorker> {
  const script = path.resolve(import.meta.dirname, 'lane-worker.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  workers.add(child);
  const points: string[] = [];
  const gone = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('close', (_, signal) => {
      workers.delete(child);
      resolve(signal);
    });
  });
  const ready = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') resolve();
      else points.push(line.replace(/^point \d+ /, ''));
    });
  });
  const early = gone.then(() => false);
  if (!(await Promise.race([ready.then(() => true), early])))
    throw new Error('the worker ended before it was ready');
  return {
    pid: child.pid ?? 0,
    points,
    gone,
    async stop() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
