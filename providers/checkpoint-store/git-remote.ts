import { OpsError } from '../../domain/errors.ts';
import { GitFailure, type Git } from './git-command.ts';
import { branch, type Blob, type History } from './git-history.ts';

/** What the remote is known to hold. */
const pushedRef = 'refs/holdfast/pushed';
const seenRef = 'refs/holdfast/seen';
const rounds = 10;

export interface Remote {
  /** Sends what is committed. Throws `unavailable` where it is not reached, `conflict` where it lost what it had. */
  push(): Promise<void>;
  /** Takes over what others sent there; a folder that is new begins with it. */
  catchUpIfNew(): Promise<void>;
}

/**
 * A remote repository only grows: it is never forced. Somebody who took something out of it is told, and nothing is sent until a
 * person has looked. `keep` puts what others sent into the folder.
 */
export function createRemote(
  url: string,
  {
    git,
    history,
    keep,
    retryMs,
  }: { git: Git; history: History; keep: (blobs: Blob[]) => Promise<void>; retryMs: number },
): Remote {
  let quietUntil = 0;

  async function catchUp(): Promise<void> {
    const pushed = await history.idOf(pushedRef);
    const there = await reach(['ls-remote', '--', url, branch]);
    if (there === '') {
      if (pushed !== null) throw rewritten(`its branch main, which held ${pushed}, is gone`);
      return;
    }
    await reach(['fetch', '--quiet', '--no-tags', '--', url, `+${branch}:${seenRef}`]);
    const seen = (await history.idOf(seenRef)) ?? '';
    if (pushed !== null) await refuseLoss(pushed, seen);
    await join(seen);
    await history.moveTo(pushedRef, seen, pushed);
  }

  async function refuseLoss(pushed: string, seen: string): Promise<void> {
    if (!(await history.continues(seen, pushed)))
      throw rewritten(`${seen} there does not continue ${pushed}`);
    const lost = await git([
      'diff',
      '--name-only',
      '--diff-filter=MDTR',
      '--no-renames',
      pushed,
      seen,
      '--',
      '*.checkpoint',
    ]);
    if (lost !== '') throw rewritten(`${lost.split('\n')[0]} was changed or removed there`);
  }

  async function join(seen: string): Promise<void> {
    const head = await history.idOf(branch);
    const theirs = await history.blobs(seen);
    const ours = new Map((await history.blobs(head)).map(({ path, id }) => [path, id]));
    await keep(theirs.filter(({ path, id }) => ours.get(path) !== id));
    if (head === null) await history.moveTo(branch, seen, null);
    else if (!(await history.continues(head, seen)))
      await history.add(theirs, 'take over what others published', seen);
  }

  async function reach(args: readonly string[]): Promise<string> {
    try {
      return await git(args);
    } catch (error) {
      throw unreachable(error);
    }
  }

  function unreachable(error: unknown): unknown {
    if (!(error instanceof GitFailure)) return error;
    quietUntil = performance.now() + retryMs;
    return new OpsError(
      'unavailable',
      `checkpoints are kept here and not at HOLDFAST_AUDIT_GIT_REMOTE (${error.message})`,
    );
  }

  /** Answers false when the remote is not as it was: others sent something, or took something away. */
  async function send(head: string, pushed: string | null): Promise<boolean> {
    try {
      const lease = `--force-with-lease=${branch}:${pushed ?? ''}`;
      await git(['push', '--porcelain', lease, '--', url, `${head}:${branch}`]);
      return true;
    } catch (error) {
      if (error instanceof GitFailure && outrun.test(`${error.output} ${error.message}`)) return false;
      throw unreachable(error);
    }
  }

  return {
    async push() {
      if (performance.now() < quietUntil)
        throw new OpsError(
          'unavailable',
          'HOLDFAST_AUDIT_GIT_REMOTE did not answer; it is tried again in a minute',
        );
      for (let round = 0; round < rounds; round += 1) {
        const [head, pushed] = [await history.idOf(branch), await history.idOf(pushedRef)];
        if (head === null || head === pushed) return;
        if (await send(head, pushed)) return void (await history.moveTo(pushedRef, head, pushed));
        await catchUp();
      }
      throw new OpsError('unavailable', 'others push to HOLDFAST_AUDIT_GIT_REMOTE all the time');
    },
    async catchUpIfNew() {
      if ((await history.idOf(pushedRef)) === null) await catchUp();
    },
  };
}

/** What git says when others were first: seen before anything was sent, or by the remote as it took the lock of the branch. */
const outrun =
  /\((stale info|fetch first|non-fast-forward)\)|cannot lock ref '[^']*': (is at \w+ but expected|reference already exists|reference is missing|unable to resolve)/;

function rewritten(what: string): OpsError {
  return new OpsError(
    'conflict',
    `somebody rewrote HOLDFAST_AUDIT_GIT_REMOTE: ${what}. Keep both as evidence; nothing is sent there until it holds again what it held`,
  );
}
