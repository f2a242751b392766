import { OpsError } from '../../domain/errors.ts';
import type { Ask } from '../socket.ts';

/** What the master says about itself and its workers. */
export interface Processes {
  readonly master: number;
  /** Reloads that failed, in a row up to now. */
  readonly failed: number;
  readonly workers: readonly number[];
  /** They finish what they had before a reload. */
  readonly oldWorkers: readonly number[];
}

/** Throws `unavailable`, also while the master reloads: it answers nobody then. */
export async function askProcesses(master: Ask): Promise<Processes> {
  const answer = await master('show proc');
  const [, pid, failed] = /^(\d+)\s+master\s.*?\[failed: (\d+)\]/m.exec(answer) ?? [];
  if (pid === undefined)
    throw new OpsError('unavailable', `the master socket shows no master: ${answer.slice(0, 200).trim()}`);
  const old = answer.indexOf('# old workers');
  const current = old < 0 ? answer : answer.slice(0, old);
  return {
    master: Number(pid),
    failed: Number(failed),
    workers: workersIn(current),
    oldWorkers: old < 0 ? [] : workersIn(answer.slice(old)),
  };
}

function workersIn(text: string): number[] {
  return [...text.matchAll(/^(\d+)\s+worker\s/gm)].map(([, pid]) => Number(pid));
}
