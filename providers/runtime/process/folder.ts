import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OpsError } from '../../../domain/errors.ts';
import { bootId, isAlive, parseStat, type ProcessMark } from './proc.ts';

/** What is known of an instance before its process is there; kept while it exists, in any state. */
export interface InstanceRecord {
  readonly id: string;
  readonly project: string;
  readonly service: string;
  readonly version: string;
  readonly port: number;
  /** Names one launch, so that its end is not taken for the end of another. */
  readonly attempt: string;
  /** References of its environment, so that their values are left out of what it wrote. */
  readonly references?: readonly string[];
}

/**
 * The folder of one instance: `lock` (held by the process and what it starts), `record.json`, `process` (pid and start time),
 * `<attempt>.ticket` (a record that waits for the lock), `exit.json`, `output.log`.
 */
export interface InstanceFolder {
  readonly path: string;
  readonly lock: string;
  readonly output: string;
  ticket(attempt: string): string;
}

/** Throws `invalid-input` for an id that is no file name. */
export function instanceFolder(root: string, id: string): InstanceFolder {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(id)) {
    throw new OpsError('invalid-input', `instance id ${JSON.stringify(id)} is not a plain name`);
  }
  const path = join(root, id);
  return {
    path,
    lock: join(path, 'lock'),
    output: join(path, 'output.log'),
    ticket: (attempt) => join(path, `${attempt}.ticket`),
  };
}

export async function writeTicket(folder: InstanceFolder, record: InstanceRecord): Promise<void> {
  await mkdir(folder.path, { recursive: true, mode: 0o700 });
  await writeFile(folder.ticket(record.attempt), JSON.stringify(record));
}

/** Takes back what was not used; harmless when it was. */
export async function dropTicket(folder: InstanceFolder, attempt: string): Promise<void> {
  await rm(folder.ticket(attempt), { force: true });
}

export async function hasTicket(folder: InstanceFolder, attempt: string): Promise<boolean> {
  return (await readRecord(folder.ticket(attempt))) !== null;
}

export async function recordOf(folder: InstanceFolder): Promise<InstanceRecord | null> {
  return readRecord(join(folder.path, 'record.json'));
}

/** The process of the instance while it runs. */
export async function runningProcess(folder: InstanceFolder): Promise<ProcessMark | null> {
  const [boot, stat] = (await textOf(join(folder.path, 'process'))).split('\n');
  const mark = boot === bootId() ? parseStat(stat ?? '') : null;
  return mark !== null && isAlive(mark) ? mark : null;
}

export async function writeExit(folder: InstanceFolder, attempt: string, code: number): Promise<void> {
  // The folder may be gone: then nobody will ask.
  await writeFile(join(folder.path, 'exit.json'), JSON.stringify({ attempt, code })).catch(() => undefined);
}

/** null when the launch ended while nobody watched. */
export async function exitCodeOf(folder: InstanceFolder, attempt: string): Promise<number | null> {
  const exit = parse<{ attempt: string; code: number }>(await textOf(join(folder.path, 'exit.json')));
  return exit?.attempt === attempt ? exit.code : null;
}

/** The newest knowledge of every instance: a ticket counts, too, for its process may be about to begin. */
export async function allRecords(root: string): Promise<InstanceRecord[]> {
  const ids = (await namesIn(root)).filter((name) => !name.startsWith('.'));
  const found = await Promise.all(ids.map((id) => anyRecord(join(root, id))));
  return found.filter((record) => record !== null);
}

async function anyRecord(path: string): Promise<InstanceRecord | null> {
  const tickets = (await namesIn(path)).filter((name) => name.endsWith('.ticket'));
  for (const name of [...tickets, 'record.json']) {
    const record = await readRecord(join(path, name));
    if (record !== null) return record;
  }
  return null;
}

async function readRecord(file: string): Promise<InstanceRecord | null> {
  return parse<InstanceRecord>(await textOf(file));
}

function parse<T>(text: string): T | null {
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}

async function namesIn(path: string): Promise<string[]> {
  return readdir(path).catch(() => []);
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
