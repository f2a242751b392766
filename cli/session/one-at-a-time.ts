import { mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const staleAfterMs = 30_000;
const lookAgainMs = 50;

/**
 * Lets one command at a time change the sessions: a provider takes a refresh token once, and ends the session when it sees it twice.
 * Who was killed in between is waited for until its mark is older than any exchange with a provider takes.
 */
export async function oneAtATime<T>(folder: string, work: () => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const mark = join(folder, '.sessions-in-use');
  while (!(await set(mark))) {
    const age = Date.now() - (await stat(mark).then(({ mtimeMs }) => mtimeMs, Date.now));
    if (age > staleAfterMs) await rm(mark, { force: true });
    else await sleep(lookAgainMs);
  }
  try {
    return await work();
  } finally {
    await rm(mark, { force: true });
  }
}

async function set(mark: string): Promise<boolean> {
  try {
    await (await open(mark, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
