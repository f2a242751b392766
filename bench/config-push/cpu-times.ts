import { readdirSync, readFileSync } from 'node:fs';

/** Parts of this run, by what stands in their command lines. */
const parts = {
  api: /api\/server\.ts/,
  worker: /workers\/main\.ts/,
  postgres: /postgres/,
  temporal: /temporal /,
  simulated_agents: /simulated-process\.ts/,
  real_agents: /proxy-agent\/main\.ts/,
  haproxies: /haproxy -W/,
} as const;

export type Part = keyof typeof parts;
export type CpuTimes = Readonly<Record<Part, number>>;

const msOfTick = 10;

/** Milliseconds of processor time that each part has had so far, with what it started and saw end. */
export function cpuTimes(): CpuTimes {
  const times: Record<Part, number> = {
    ...{ api: 0, worker: 0, postgres: 0, temporal: 0, simulated_agents: 0, real_agents: 0, haproxies: 0 },
  };
  const all = new Map(processes().map((each) => [each.pid, each]));
  for (const each of all.values()) {
    const part = partOf(each, all);
    if (part !== null) times[part] += each.cpuMs;
  }
  return times;
}

export function cpuSince(before: CpuTimes): CpuTimes {
  const now = Object.entries(cpuTimes()) as [Part, number][];
  return Object.fromEntries(now.map(([part, ms]) => [part, ms - before[part]])) as CpuTimes;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly cpuMs: number;
}

/** The nearest known one on the way up; null when the way does not lead here: another run's. */
function partOf(each: Process, all: ReadonlyMap<number, Process>): Part | null {
  let found: Part | null = null;
  for (let at: Process | undefined = each; at !== undefined; at = all.get(at.parent)) {
    if (at.pid === process.pid) return found;
    const { command } = at;
    found ??= (Object.keys(parts) as Part[]).find((part) => parts[part].test(command)) ?? null;
  }
  return null;
}

function processes(): Process[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? read(Number(name)) : []));
}

/** Nothing for one that has just ended. */
function read(pid: number): Process[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    // Behind the name, which may hold anything: state, parent, …; 11 to 14 are its own times and its children's.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0);
    return [{ pid, parent: fields[1] ?? 0, command, cpuMs: ticks * msOfTick }];
  } catch {
    return [];
  }
}
