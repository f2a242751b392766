import { readFileSync } from 'node:fs';
import { environmentOf, findProcesses } from '../../infra/process/proc.ts';

/** Pids of living processes that were started as this instance, counted without the runtime. */
export function processesOf(instance: string): number[] {
  return findProcesses((pid) => environmentOf(pid).get('HOLDFAST_INSTANCE') === instance).map(
    ({ pid }) => pid,
  );
}

/** As above, but only what runs this very command: a starter that is about to become it is not yet one. */
export function copiesOf(instance: string, command: readonly string[]): number[] {
  const line = command.map((part) => `${part}\0`).join('');
  return processesOf(instance).filter((pid) => commandLineOf(pid) === line);
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
