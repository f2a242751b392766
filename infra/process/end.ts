import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, type ProcessMark } from './proc.ts';

/** Asks the processes to end, kills after `graceMs` what is still there, and returns when none is left. */
export async function endProcesses(
  marks: readonly ProcessMark[],
  options: { signal?: NodeJS.Signals; graceMs?: number } = {},
): Promise<void> {
  signalAll(marks, options.signal ?? 'SIGTERM');
  if (await allGone(marks, options.graceMs ?? 5000)) return;
  signalAll(marks, 'SIGKILL');
  await allGone(marks, 5000);
}

function signalAll(marks: readonly ProcessMark[], signal: NodeJS.Signals): void {
  for (const mark of marks.filter(isAlive)) {
    try {
      process.kill(mark.pid, signal);
    } catch {
      // It ended between the look and the signal.
    }
  }
}

async function allGone(marks: readonly ProcessMark[], withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (marks.some(isAlive)) {
    if (performance.now() >= deadline) return false;
    await delay(20);
  }
  return true;
}
