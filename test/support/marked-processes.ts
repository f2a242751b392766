import { environmentOf, findProcesses } from '../../infra/process/proc.ts';

/** Pids of living processes that were started as this instance, counted without the runtime. */
export function processesOf(instance: string): number[] {
  return findProcesses((pid) => environmentOf(pid).get('HOLDFAST_INSTANCE') === instance).map(
    ({ pid }) => pid,
  );
}
