import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createGit, type Environment } from './git-command.ts';

/** Longer than any git of ours runs before it is ended. */
const abandonedMs = 60_000;

/** Makes a repository in a folder where there is none: whole or not at all, whoever else does it at once. */
export async function ensureRepository(folder: string, env: Environment): Promise<void> {
  await mkdir(folder, { recursive: true });
  const place = join(folder, '.git');
  if (await isThere(place)) return removeAbandonedLocks(place);
  const part = join(folder, `.git-${randomUUID()}`);
  await mkdir(part);
  try {
    await createGit(part, env)(['init', '--quiet', '--initial-branch=main']);
    await rename(join(part, '.git'), place);
  } catch (error) {
    if (!(await isThere(place))) throw error;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/** Of a git that was killed: no later one could work, and none of ours that lives holds one for so long. */
async function removeAbandonedLocks(place: string): Promise<void> {
  const names = await readdir(place, { recursive: true });
  for (const name of names.filter((path) => path.endsWith('.lock'))) {
    const lock = join(place, name);
    const age = Date.now() - (await stat(lock).then(({ mtimeMs }) => mtimeMs, Date.now));
    if (age > abandonedMs) await rm(lock, { force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
