import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessOptions } from './process.ts';

export interface CrowdOptions extends ProcessOptions {
  readonly processes: number;
  /** At least so long. */
  readonly forMs: number;
  /** How many are killed (SIGKILL) and replaced meanwhile. */
  readonly kills: number;
}

/** Runs that many processes at once. Answers for how many milliseconds. */
export async function runCrowd(options: CrowdOptions): Promise<number> {
  const running = await Promise.all(Array.from({ length: options.processes }, () => startProcess(options)));
  const began = performance.now();
  try {
    for (let kill = 0; kill < options.kills; kill += 1) {
      await delay(options.forMs / (options.kills + 1));
      const index = kill % running.length;
      await end(running[index], 'SIGKILL');
      running[index] = await startProcess(options);
    }
    await delay(Math.max(0, options.forMs - (performance.now() - began)));
    const tookMs = performance.now() - began;
    await Promise.all(running.map((child) => end(child, 'stop')));
    return tookMs;
  } finally {
    await Promise.all(running.map((child) => end(child, 'SIGKILL')));
  }
}

async function startProcess({ url, project, kind, batch }: ProcessOptions): Promise<ChildProcess> {
  const file = path.resolve(import.meta.dirname, 'process.ts');
  const child = spawn(process.execPath, [file, JSON.stringify({ url, project, kind, batch })], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

async function end(child: ChildProcess | undefined, how: 'stop' | 'SIGKILL'): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  if (how === 'stop') child.stdin?.end('stop\n');
  else child.kill('SIGKILL');
  await ended;
}
