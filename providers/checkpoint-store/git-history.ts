import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OpsError } from '../../domain/errors.ts';
import { GitFailure, type Git } from './git-command.ts';

export const branch = 'refs/heads/main';
const none = '0'.repeat(40);
const tries = 20;

/** A line of `git ls-tree` and of `git update-index --index-info`. */
export interface Blob {
  readonly path: string;
  readonly id: string;
}

/** The commits of a folder of checkpoints. Nothing here needs git's own index, so a lock that a dead git left is in nobody's way. */
export interface History {
  idOf(ref: string): Promise<string | null>;
  blobs(commit: string | null): Promise<Blob[]>;
  /** Adds blobs to the newest commit; changes nothing where they are in it. `merged` becomes a second parent. */
  add(blobs: readonly Blob[], message: string, merged?: string): Promise<void>;
  /** Moves the branch forward to a commit that continues it. */
  moveTo(ref: string, commit: string, from: string | null): Promise<boolean>;
  continues(commit: string, earlier: string): Promise<boolean>;
}

export function createHistory(folder: string, git: Git): History {
  const succeeds = (args: readonly string[]): Promise<boolean> =>
    git(args).then(
      () => true,
      (error: unknown) => {
        if (error instanceof GitFailure) return false;
        throw error;
      },
    );

  async function idOf(ref: string): Promise<string | null> {
    return (await git(['for-each-ref', '--format=%(objectname)', ref])).trim() || null;
  }

  async function blobs(commit: string | null): Promise<Blob[]> {
    if (commit === null) return [];
    const lines = (await git(['ls-tree', '-r', '-z', commit])).split('\0');
    const found = lines.map((line) => /^[0-7]+ blob ([0-9a-f]+)\t(.+)$/s.exec(line));
    return found.filter((match) => match !== null).map(([, id = '', path = '']) => ({ id, path }));
  }

  const moveTo = (ref: string, commit: string, from: string | null): Promise<boolean> =>
    succeeds(['update-ref', ref, commit, from ?? none]);

  const treeOf = async (commit: string): Promise<string> =>
    (await git(['rev-parse', `${commit}^{tree}`])).trim();

  /** Written with an index of its own, which then takes the place of git's, so that `git status` shows a clean folder. */
  async function commitOf(
    parents: string[],
    added: readonly Blob[],
    message: string,
  ): Promise<string | null> {
    const index = join(folder, '.git', `index-${randomUUID()}`);
    const [first] = parents;
    try {
      await git(['read-tree', first ?? '--empty'], { index });
      const lines = added.map(({ id, path }) => `100644 ${id}\t${path}\n`).join('');
      await git(['update-index', '--index-info'], { index, input: lines });
      const tree = (await git(['write-tree'], { index })).trim();
      const isSame = parents.length === 1 && tree === (await treeOf(first ?? ''));
      await rename(index, join(folder, '.git/index'));
      if (isSame) return null;
      const on = parents.flatMap((parent) => ['-p', parent]);
      return (await git(['commit-tree', tree, ...on, '-m', message])).trim();
    } finally {
      await rm(index, { force: true });
    }
  }

  return {
    idOf,
    blobs,
    moveTo,
    continues: (commit, earlier) => succeeds(['merge-base', '--is-ancestor', earlier, commit]),
    async add(added, message, merged) {
      for (let round = 0; round < tries; round += 1) {
        const parent = await idOf(branch);
        const parents = [parent, merged].filter((id) => id !== null && id !== undefined);
        const commit = await commitOf(parents, added, message);
        // Another process may have committed in between: then once more, on top of that.
        if (commit === null || (await moveTo(branch, commit, parent))) return;
      }
      throw new OpsError(
        'unavailable',
        `no commit to ${folder} succeeds: others commit all the time, or a git that was killed left a lock, which is removed after a minute`,
      );
    },
  };
}
