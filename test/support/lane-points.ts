import { writeSync } from 'node:fs';

/** Counts the moments at which a worker may be killed or paused, and names each on standard output. */
export interface Points {
  reach(name: string): void;
}

/** Where something happens to the worker, and what. */
export interface Fate {
  /** Counts all points from 1; 0: nothing happens. */
  readonly at: number;
  /** Or the n-th point of a name. */
  readonly named?: { readonly name: string; readonly occurrence: number };
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

export function createPoints(fate: Fate): Points {
  let count = 0;
  let named = 0;
  return {
    reach(name) {
      count += 1;
      if (name === fate.named?.name) named += 1;
      // Written before the signal and without a buffer, so that the parent knows where it happened.
      writeSync(1, `point ${count} ${name}\n`);
      const itIsName = name === fate.named?.name && named === fate.named.occurrence;
      if (count === fate.at || itIsName) process.kill(process.pid, fate.signal);
    },
  };
}
