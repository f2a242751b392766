import { closeSync, mkdirSync, openSync } from 'node:fs';
import { copyFile, open, readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

const largest = 10 * 1024 * 1024;

/** Opens the log of a part for the child to write to directly, so that the log outlives the supervisor. */
export function withLogFile<T>(home: string, name: string, use: (descriptor: number) => T): T {
  mkdirSync(join(home, 'log'), { recursive: true });
  const descriptor = openSync(logFile(home, name), 'a');
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

export function logFile(home: string, name: string): string {
  return join(home, 'log', `${name}.log`);
}

/** Keeps one earlier file. Copies and truncates, because the writers hold the file open. */
export async function rotateLogs(home: string): Promise<void> {
  const folder = join(home, 'log');
  for (const name of await readdir(folder).catch(() => [])) {
    const file = join(folder, name);
    if (!name.endsWith('.log') || (await stat(file)).size < largest) continue;
    await copyFile(file, `${file}.1`);
    await truncate(file, 0);
  }
}

/** What a part said at its end: its error where a line names one, else its last lines. */
export async function lastWords(home: string, name: string): Promise<string> {
  const lines = (await lastLines(home, name)).slice(-40);
  const error = lines.findLastIndex((line) => /^\S*(Error|ALERT|FATAL)\b|\[ALERT\]| FATAL: /.test(line));
  return (error === -1 ? lines.slice(-3) : lines.slice(error, error + 2)).join('\n').slice(0, 1000);
}

async function lastLines(home: string, name: string): Promise<string[]> {
  const file = await open(logFile(home, name)).catch(() => null);
  if (file === null) return [];
  try {
    const { size } = await file.stat();
    const length = Math.min(size, 16 * 1024);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8').trimEnd().split('\n');
  } finally {
    await file.close();
  }
}
