import { familyOf, isAlive, pssOf } from '../process/proc.ts';
import { isSupervised, type PartRecord, type StackRecord } from './record.ts';

/** What the whole idle stack may take, in MiB. */
export const memoryGoalMiB = 700;

export interface PartStatus {
  readonly name: string;
  readonly state: string;
  readonly pid: number | null;
  readonly restarts: number;
  /** Proportional memory of the process and its children; null when it does not run. */
  readonly pssMiB: number | null;
  readonly problem: string | null;
}

export interface StackStatus {
  readonly running: boolean;
  readonly state: 'down' | 'supervisor-gone' | StackRecord['state'];
  readonly parts: readonly PartStatus[];
  readonly totalPssMiB: number;
  readonly memoryGoalMiB: number;
  readonly urls: StackRecord['urls'] | null;
  readonly notes: readonly string[];
  readonly problem: string | null;
}

/** What runs now, looked up in the process table: the record alone may be of a stack that was killed. */
export function statusOfStack(record: StackRecord | null): StackStatus {
  if (record === null) return nothing;
  const supervised = isSupervised(record);
  const parts = [supervisorStatus(record), ...record.parts.map(statusOfPart)];
  const running = supervised && record.state === 'ready' && parts.every((part) => part.state === 'running');
  return {
    running,
    state: supervised || record.state === 'failed' ? record.state : 'supervisor-gone',
    parts,
    totalPssMiB: round(parts.reduce((sum, part) => sum + (part.pssMiB ?? 0), 0)),
    memoryGoalMiB,
    urls: record.urls,
    notes: record.notes,
    problem: record.problem,
  };
}

const nothing: StackStatus = {
  running: false,
  state: 'down',
  parts: [],
  totalPssMiB: 0,
  memoryGoalMiB,
  urls: null,
  notes: [],
  problem: null,
};

function supervisorStatus(record: StackRecord): PartStatus {
  const alive = isSupervised(record);
  const { pid } = record.supervisor;
  const pss = alive ? pssOf(pid) : null;
  return {
    name: 'supervisor',
    state: alive ? 'running' : 'gone',
    pid: alive ? pid : null,
    restarts: 0,
    pssMiB: pss === null ? null : round(pss / 1024),
    problem: null,
  };
}

function statusOfPart(part: PartRecord): PartStatus {
  const alive = part.process !== null && isAlive(part.process);
  return {
    name: part.name,
    state: alive || part.process === null ? part.state : 'gone',
    pid: alive ? (part.process?.pid ?? null) : null,
    restarts: part.restarts,
    pssMiB: alive && part.process !== null ? pssOfFamily(part.process.pid) : null,
    problem: part.problem,
  };
}

/** PostgreSQL and HAProxy work in children of the process that was started. */
function pssOfFamily(pid: number): number {
  return round(familyOf(pid).reduce((sum, member) => sum + (pssOf(member) ?? 0), 0) / 1024);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
