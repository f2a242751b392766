import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same id. */
export interface ProcessMark {
  readonly pid: number;
  /** Start time in clock ticks since boot, from /proc/PID/stat. */
  readonly startTicks: string;
}

/** Reads a line of /proc/PID/stat. null for what is no such line. */
export function parseStat(line: string): (ProcessMark & { readonly state: string }) | null {
  // The command name stands in brackets and may itself hold spaces and brackets.
  const [state, ...fields] = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const startTicks = fields[18];
  if (state === undefined || startTicks === undefined) return null;
  return { pid: Number.parseInt(line, 10), startTicks, state };
}

/** false for a zombie, too: it runs no more and only waits for its parent to look. */
export function isAlive(mark: ProcessMark): boolean {
  const stat = parseStat(read(`/proc/${mark.pid}/stat`));
  return stat !== null && stat.startTicks === mark.startTicks && stat.state !== 'Z' && stat.state !== 'X';
}

/** Processes that were started with all of these `NAME=value` entries. */
export function findMarked(entries: readonly string[]): ProcessMark[] {
  return findProcesses((pid) => isMarked(pid, entries));
}

/** Processes that hold the file open. Looks at every open file of the machine: some 100 ms where a few hundred processes run. */
export function findHolders(file: string): ProcessMark[] {
  return findProcesses((pid) => hasOpen(pid, file));
}

function findProcesses(test: (pid: string) => boolean): ProcessMark[] {
  return namesIn('/proc')
    .filter((name) => /^[0-9]+$/.test(name) && test(name))
    .map((name) => parseStat(read(`/proc/${name}/stat`)))
    .filter((stat) => stat !== null && isAlive(stat)) as ProcessMark[];
}

/** Changes with every boot: pids and start times of another boot mean nothing. */
export function bootId(): string {
  return read('/proc/sys/kernel/random/boot_id').trim();
}

function isMarked(pid: string, entries: readonly string[]): boolean {
  const environment = `\0${read(`/proc/${pid}/environ`)}`;
  return entries.every((entry) => environment.includes(`\0${entry}\0`));
}

function hasOpen(pid: string, file: string): boolean {
  return namesIn(`/proc/${pid}/fd`).some((fd) => target(`/proc/${pid}/fd/${fd}`) === file);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
