import { writeSync } from 'node:fs';

/** Counts the moments at which a worker may be killed, names each on standard output, and dies of SIGKILL at the chosen one. */
export interface Points {
  reach(name: string): void;
}

/** `killAt` counts from 1; 0 never kills. */
export function createPoints(killAt: number): Points {
  let count = 0;
  return {
    reach(name) {
      count += 1;
      // Written before the kill and without a buffer, so that the parent knows where it happened.
      writeSync(1, `point ${count} ${name}\n`);
      if (count === killAt) process.kill(process.pid, 'SIGKILL');
    },
  };
}
