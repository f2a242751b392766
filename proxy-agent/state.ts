import { readFileSync } from 'node:fs';
import type { BackendState, LocalStop } from './effective.ts';
import { replaceFile } from './files.ts';
import { isStop, isStoredState } from './shapes.ts';

export type AgentState = Readonly<Record<string, BackendState>>;

/** What was read from disk; `fault` says why it could not be trusted, and is null also when there was nothing to read. */
export interface Loaded<T> {
  readonly value: T | null;
  readonly fault: string | null;
}

export function loadState(path: string): Loaded<AgentState> {
  const { value, fault } = readJson(path);
  if (value === null) return { value: null, fault };
  if (!isStoredState(value)) return { value: null, fault: `${path} does not hold an agent's state` };
  return { value: value.backends, fault: null };
}

/** Lasts a power cut: a token that was seen once is never forgotten. */
export function saveState(path: string, backends: AgentState): void {
  replaceFile(path, `${JSON.stringify({ format: 1, backends }, null, 1)}\n`);
}

/** A stop holds for as long as its file is there, even when nobody can read what it says. */
export function loadStop(path: string): LocalStop | null {
  const { value, fault } = readJson(path);
  if (fault !== null) return { reason: fault, by: 'unknown', at: new Date(0).toISOString() };
  if (value === null) return null;
  if (!isStop(value))
    return { reason: `${path} is not readable`, by: 'unknown', at: new Date(0).toISOString() };
  return value;
}

export function saveStop(path: string, stop: LocalStop): void {
  replaceFile(path, `${JSON.stringify(stop)}\n`);
}

export function readJson(path: string): Loaded<unknown> {
  try {
    return { value: JSON.parse(readFileSync(path, 'utf8')) as unknown, fault: null };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { value: null, fault: null };
    return { value: null, fault: `${path} cannot be read: ${(error as Error).message}` };
  }
}
