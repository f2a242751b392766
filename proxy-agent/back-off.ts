import { setTimeout as sleep } from 'node:timers/promises';

const longestMs = 5000;

/** Milliseconds until the next try. Jitter keeps many agents from coming back at one moment. */
export function backOffMs(failures: number): number {
  return Math.min(longestMs, 100 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}

/** Ends early at the signal, without an error. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
