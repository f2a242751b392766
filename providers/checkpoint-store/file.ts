import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OpsError } from '../../domain/errors.ts';
import type { CheckpointStore } from './checkpoint-store.ts';

/**
 * A file for each checkpoint, `<folder>/<project>/<size>.checkpoint`, never written twice. Put the folder on a disk, a mount or a
 * machine that the owner of the database does not own.
 */
export function createFileCheckpointStore(folder: string): CheckpointStore {
  const fileOf = (project: string, size: number): string =>
    join(folder, project, `${String(size).padStart(12, '0')}.checkpoint`);

  async function sizes(project: string): Promise<number[]> {
    const names = await readdir(join(folder, project)).catch(nothingThere);
    const found = names.map((name) => /^([0-9]{12,16})[.]checkpoint$/.exec(name)?.[1]);
    return found
      .filter((size) => size !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
  }

  async function read(project: string, size: number) {
    return { size, note: await readFile(fileOf(project, size), 'utf8') };
  }

  return {
    async append(project, { size, note }) {
      await mkdir(join(folder, project), { recursive: true });
      const file = fileOf(project, size);
      if (await linkNew(file, note)) return;
      if ((await readFile(file, 'utf8')) === note) return;
      throw new OpsError('conflict', `another checkpoint of ${size} entries is at ${file}`);
    },
    async latest(project) {
      const size = (await sizes(project)).at(-1);
      return size === undefined ? null : read(project, size);
    },
    async list(project) {
      return Promise.all((await sizes(project)).map((size) => read(project, size)));
    },
  };
}

/** Appears whole or not at all, whenever the process dies. Answers false when there is one already. */
async function linkNew(file: string, note: string): Promise<boolean> {
  const part = `${file}.${randomUUID()}.part`;
  await writeThrough(part, note);
  try {
    await link(part, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    await rm(part, { force: true });
  }
}

async function writeThrough(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o444);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function nothingThere(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
