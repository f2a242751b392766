import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** A process that cannot be mistaken for another one that later got the same id. */
export interface ProcessMark {
  readonly pid: number;
  /** Start time in clock ticks since boot, from /proc/PID/stat. */
  readonly startTicks: number;
}

/** null when there is no such process, or only its zombie. */
export function markOf(pid: number): ProcessMark | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The command name stands in brackets and may itself hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  return { pid, startTicks: Number(fields[19]) };
}

export function isAlive(mark: ProcessMark): boolean {
  return markOf(mark.pid)?.startTicks === mark.startTicks;
}

/** All running processes for which the test says yes; those that end meanwhile are left out. */
export function findProcesses(test: (pid: number) => boolean): ProcessMark[] {
  return runningPids()
    .filter((pid) => pid !== process.pid && test(pid))
    .map(markOf)
    .filter((mark) => mark !== null);
}

/** The environment a process was started with; empty when it may not be read. */
export function environmentOf(pid: number): ReadonlyMap<string, string> {
  const entries = (read(`/proc/${pid}/environ`) ?? '').split('\0').map((entry) => {
    const cut = entry.indexOf('=');
    return [entry.slice(0, cut), entry.slice(cut + 1)] as const;
  });
  return new Map(entries);
}

/** Its command line, arguments parted by spaces; empty when it may not be read. */
export function commandOf(pid: number): string {
  return (read(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ');
}

export function workingFolderOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}

/** Proportional set size in KiB: shared pages are counted once over all processes. null when it may not be read. */
export function pssOf(pid: number): number | null {
  const line = read(`/proc/${pid}/smaps_rollup`)?.match(/^Pss:\s+([0-9]+) kB$/m);
  return line ? Number(line[1]) : null;
}

/** The process and all its descendants. */
export function familyOf(pid: number): number[] {
  const parents = new Map(runningPids().map((child) => [child, parentOf(child)]));
  const family = [pid];
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

function runningPids(): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^[0-9]+$/.test(entry))
    .map(Number);
}

function parentOf(pid: number): number | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat === null ? null : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
