import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, type ProcessMark } from '../process/proc.ts';

export const partNames = ['postgres', 'temporal', 'api', 'haproxy', 'proxy-agent', 'worker'] as const;
export type PartName = (typeof partNames)[number];

export type PartState = 'waiting' | 'starting' | 'running' | 'stopping' | 'stopped';

export interface PartRecord {
  readonly name: PartName;
  readonly state: PartState;
  readonly process: ProcessMark | null;
  /** How often it was started again after it ended by itself. */
  readonly restarts: number;
  /** When the state was entered. */
  readonly since: string;
  /** Why it ended or did not start, the last time. */
  readonly problem: string | null;
}

export interface Ports {
  readonly temporal: number;
  readonly ui: number;
  readonly api: number;
  readonly frontend: number;
  readonly metrics: number;
  readonly sdkMetrics: number;
  readonly agentLog: number;
}

/** `<home>/stack.json`: what runs and where, written by the supervisor alone. */
export interface StackRecord {
  readonly state: 'starting' | 'ready' | 'stopping' | 'failed';
  readonly supervisor: ProcessMark;
  readonly startedAt: string;
  /** Why the start was given up. */
  readonly problem: string | null;
  /** Choices that differ from what was configured, such as another port. */
  readonly notes: readonly string[];
  readonly ports: Ports;
  readonly urls: {
    readonly api: string;
    readonly docs: string;
    readonly temporalUi: string | null;
    readonly frontend: string | null;
    readonly metrics: string;
  };
  /** What a process needs to work beside the stack. */
  readonly connections: {
    readonly databaseUrl: string;
    readonly temporalAddress: string;
    readonly temporalNamespace: string;
  };
  readonly parts: readonly PartRecord[];
}

/** null when no stack was started from this folder. */
export async function readStackRecord(home: string): Promise<StackRecord | null> {
  try {
    return JSON.parse(await readFile(recordFile(home), 'utf8')) as StackRecord;
  } catch {
    return null;
  }
}

/** Whole or not at all, so that a reader never sees a half. For its owner alone: the database URL may hold a password. */
export async function writeStackRecord(home: string, record: StackRecord): Promise<void> {
  const part = `${recordFile(home)}.${process.pid}`;
  await writeFile(part, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  await rename(part, recordFile(home));
}

export async function removeStackRecord(home: string): Promise<void> {
  await rm(recordFile(home), { force: true });
}

export function isSupervised(record: StackRecord): boolean {
  return isAlive(record.supervisor);
}

function recordFile(home: string): string {
  return join(home, 'stack.json');
}
