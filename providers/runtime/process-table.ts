import { readdir, readFile } from 'node:fs/promises';

/** Pids of living processes that carry `NAME=value` in their environment: it cannot be mistaken when a pid is used again. */
export async function pidsMarked(name: string, value: string): Promise<number[]> {
  const mark = `${name}=${value}`;
  const pids: number[] = [];
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    if ((await environmentOf(pid)).includes(mark) && (await isAlive(pid))) pids.push(pid);
  }
  return pids;
}

/** The first of `pids` may be dead, gone or somebody else's: told by the same mark. */
export async function carriesMark(pid: number, name: string, value: string): Promise<boolean> {
  return pid > 0 && (await environmentOf(pid)).includes(`${name}=${value}`) && (await isAlive(pid));
}

async function environmentOf(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return text.split('\0');
}

/** A zombie still has a row in the process table, but it is no process any more. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  return state !== '' && state !== 'Z' && state !== 'X';
}
