import { readdir } from 'node:fs/promises';
import { OpsError } from '../../domain/errors.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import { createFileCheckpointStore } from './file.ts';
import { createGit, type Environment } from './git-command.ts';
import { ensureRepository } from './git-folder.ts';
import { branch, createHistory, type Blob } from './git-history.ts';
import { createRemote } from './git-remote.ts';

const checkpointPath = /^([a-z0-9-]+)\/([0-9]{12,16})[.]checkpoint$/;

export interface GitPlace {
  /** Where commits are pushed to, as git names it; null: they stay in the folder. */
  readonly remote: string | null;
  readonly env: Environment;
  /** How long a remote that was not reached is left alone. */
  readonly retryMs?: number;
}

/**
 * The files of `file.ts`, each committed to a repository in their folder, and pushed where there is a remote; appended is what has
 * arrived there. A file that a crash left uncommitted is committed by the next process; several may work on one folder, and
 * several folders on one remote.
 */
export function createGitCheckpointStore(
  folder: string,
  { remote: url, env, retryMs = 60_000 }: GitPlace,
): CheckpointStore {
  const files = createFileCheckpointStore(folder);
  const git = createGit(folder, env);
  const history = createHistory(folder, git);
  const remote = url === null ? null : createRemote(url, { git, history, keep, retryMs });
  let isReady = false;
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other: each commit is made on the one before. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = last.then(async () => {
      await prepare();
      return work();
    });
    // What has failed is looked at from the beginning.
    last = mine.catch(() => (isReady = false));
    return mine;
  }

  async function prepare(): Promise<void> {
    if (isReady) return;
    await ensureRepository(folder, env);
    await remote?.catchUpIfNew();
    await commit(await uncommitted(), 'checkpoints that were not committed');
    // In the background, when there is much to pack; whether it can is of no matter.
    await git(['gc', '--auto', '--quiet']).catch(() => undefined);
    isReady = true;
  }

  async function uncommitted(): Promise<string[]> {
    const known = new Set((await history.blobs(await history.idOf(branch))).map(({ path }) => path));
    const paths = await readdir(folder, { recursive: true });
    return paths.filter((path) => checkpointPath.test(path) && !known.has(path));
  }

  async function commit(paths: readonly string[], message: string): Promise<void> {
    if (paths.length === 0) return;
    const ids = await git(['hash-object', '-w', '--no-filters', '--stdin-paths'], {
      input: `${paths.join('\n')}\n`,
    });
    const blobs = ids
      .trim()
      .split('\n')
      .map((id, index) => ({ id, path: paths[index] ?? '' }));
    await history.add(blobs, message);
  }

  /** Throws `conflict` when another checkpoint of that size is here. */
  async function keep(blobs: Blob[]): Promise<void> {
    for (const { id, path } of blobs) {
      const [, project, size] = checkpointPath.exec(path) ?? [];
      if (project === undefined) continue;
      await files.append(project, { size: Number(size), note: await git(['cat-file', 'blob', id]) });
    }
  }

  return {
    append: (project, checkpoint) =>
      inTurn(async () => {
        const path = `${project}/${String(checkpoint.size).padStart(12, '0')}.checkpoint`;
        if (!checkpointPath.test(path))
          throw new OpsError('invalid-input', `${project} is no name of a project`);
        await files.append(project, checkpoint);
        await commit([path], `${project}: ${checkpoint.size} entries`);
        await remote?.push();
      }),
    latest: (project) => inTurn(() => files.latest(project)),
    list: (project) => inTurn(() => files.list(project)),
  };
}
