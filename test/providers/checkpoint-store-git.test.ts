import { execFileSync } from 'node:child_process';
import { appendFile, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../config.ts';
import type { CheckpointStore } from '../../providers/checkpoint-store/checkpoint-store.ts';
import { createCheckpointStore } from '../../providers/checkpoint-store/index.ts';
import { createFileCheckpointStore } from '../../providers/checkpoint-store/file.ts';
import { createGitCheckpointStore } from '../../providers/checkpoint-store/git.ts';

let folder: string;
let remote: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-git-checkpoints-'));
  remote = join(folder, 'remote.git');
  git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', remote);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Git as a person has it, to look at what the store did and to do what it must notice. */
function git(where: string, ...args: string[]): string {
  const person = ['-c', 'user.name=Mallory', '-c', 'user.email=mallory@example.org'];
  return execFileSync('git', [...person, ...args], { cwd: where, encoding: 'utf8', stdio: 'pipe' }).trim();
}

function store(name = 'one', to: string | null = remote): CheckpointStore {
  return createGitCheckpointStore(join(folder, name), { remote: to, env: process.env, retryMs: 0 });
}

const file = (size: number): string => `a/${String(size).padStart(12, '0')}.checkpoint`;
const note = (size: number): { size: number; note: string } => ({ size, note: `note of ${size}\n` });
const held = (where = remote): string[] => git(where, 'ls-tree', '-r', '--name-only', 'main').split('\n');

/** A clone in which somebody does as they please. */
function stranger(): string {
  const clone = join(folder, 'stranger');
  git(folder, 'clone', '--quiet', remote, clone);
  return clone;
}

test('each checkpoint is a commit that says of what, and the folder looks clean', async () => {
  const place = join(folder, 'one');
  await store().append('a', note(10));
  await store().append('a', note(20));
  await store().append('a', note(20));
  expect(git(place, 'log', '--format=%s %an', 'main').split('\n')).toEqual([
    'a: 20 entries Holdfast',
    'a: 10 entries Holdfast',
  ]);
  expect(git(place, 'status', '--porcelain')).toBe('');
  expect(git(remote, 'show', `main:${file(10)}`)).toBe('note of 10');
});

test('what is appended is at the remote when it is said to be', async () => {
  await store().append('a', note(10));
  expect(held()).toEqual([file(10)]);
  expect(await readFile(join(stranger(), file(10)), 'utf8')).toBe('note of 10\n');
});

describe('after a crash', () => {
  test('between the file and its commit, the next process commits it', async () => {
    await store().append('a', note(10));
    await createFileCheckpointStore(join(folder, 'one')).append('a', note(20));
    const next = store();
    expect(await next.latest('a')).toEqual(note(20));
    await next.append('a', note(30));
    expect(held()).toEqual([file(10), file(20), file(30)]);
  });

  test('between the commit and its push, the same call again pushes it', async () => {
    await store('one', null).append('a', note(10));
    await store().append('a', note(10));
    expect(held()).toEqual([file(10)]);
  });

  test('between the push and the note of it, nothing is taken for a rewrite', async () => {
    const one = store();
    await one.append('a', note(10));
    const before = git(join(folder, 'one'), 'rev-parse', 'refs/holdfast/pushed');
    await one.append('a', note(20));
    git(join(folder, 'one'), 'update-ref', 'refs/holdfast/pushed', before);
    await store().append('a', note(30));
    expect(held()).toEqual([file(10), file(20), file(30)]);
  });

  test('of git itself, the locks that it left are in nobody’s way', async () => {
    await store().append('a', note(10));
    const locks = ['index.lock', 'HEAD.lock', 'refs/heads/main.lock'].map((name) =>
      join(folder, 'one/.git', name),
    );
    const anHourAgo = Date.now() / 1000 - 3600;
    for (const lock of locks) {
      await writeFile(lock, '');
      await utimes(lock, anHourAgo, anHourAgo);
    }
    await store().append('a', note(20));
    expect(held()).toEqual([file(10), file(20)]);
  });
});

describe('a remote that is not reached', () => {
  test('is told; what was appended meanwhile is kept, and sent when it is back', async () => {
    const one = store();
    await one.append('a', note(10));
    await rename(remote, `${remote}.away`);
    await expect(one.append('a', note(20))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('HOLDFAST_AUDIT_GIT_REMOTE') as string,
    });
    expect(await one.latest('a')).toEqual(note(20));
    await rename(`${remote}.away`, remote);
    await one.append('a', note(30));
    expect(held()).toEqual([file(10), file(20), file(30)]);
  });

  test('is left alone for a while, so that nobody waits for it again and again', async () => {
    const one = createGitCheckpointStore(join(folder, 'one'), {
      remote,
      env: process.env,
      retryMs: 3_600_000,
    });
    await one.append('a', note(10));
    await rename(remote, `${remote}.away`);
    await expect(one.append('a', note(20))).rejects.toMatchObject({ code: 'unavailable' });
    await rename(`${remote}.away`, remote);
    await expect(one.append('a', note(30))).rejects.toThrow('tried again in a minute');
    expect(held()).toEqual([file(10)]);
  });

  test('keeps its password', async () => {
    const secret = 'http://user:hunter2@127.0.0.1:1/x.git';
    const refusal = await store('one', secret).append('a', note(10)).catch(String);
    expect(refusal).toContain('HOLDFAST_AUDIT_GIT_REMOTE');
    expect(refusal).not.toContain('hunter2');
  });
});

describe('somebody who', () => {
  async function refused(one: CheckpointStore, why: string): Promise<void> {
    const before = git(folder, 'ls-remote', remote);
    await expect(one.append('a', note(90))).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(why) as string,
    });
    // Neither a new process nor a second try puts it right in silence.
    await expect(store().append('a', note(91))).rejects.toMatchObject({ code: 'conflict' });
    expect(git(folder, 'ls-remote', remote)).toBe(before);
    expect(await one.list('a')).toContainEqual(note(10));
  }

  test('rewrote the branch is told of, and nothing is forced over it', async () => {
    const one = store();
    await one.append('a', note(10));
    await one.append('a', note(20));
    const clone = stranger();
    git(clone, 'reset', '--quiet', '--hard', 'HEAD~1');
    git(clone, 'commit', '--quiet', '--allow-empty', '-m', 'nothing happened');
    git(clone, 'push', '--quiet', '--force');
    await refused(one, 'does not continue');
  });

  test('removed a checkpoint in a commit of their own is told of', async () => {
    const one = store();
    await one.append('a', note(10));
    const clone = stranger();
    git(clone, 'rm', '--quiet', file(10));
    git(clone, 'commit', '--quiet', '-m', 'tidy up');
    git(clone, 'push', '--quiet');
    await refused(one, `${file(10)} was changed or removed`);
  });

  test('changed a checkpoint is told of', async () => {
    const one = store();
    await one.append('a', note(10));
    const clone = stranger();
    await rm(join(clone, file(10)));
    await writeFile(join(clone, file(10)), 'another note\n');
    git(clone, 'commit', '--quiet', '-am', 'mend it');
    git(clone, 'push', '--quiet');
    await refused(one, 'was changed or removed');
  });

  test('removed the branch is told of', async () => {
    const one = store();
    await one.append('a', note(10));
    git(remote, 'update-ref', '-d', 'refs/heads/main');
    await refused(one, 'is gone');
  });

  test('only added a page is left alone', async () => {
    const one = store();
    await one.append('a', note(10));
    const clone = stranger();
    await appendFile(join(clone, 'README'), 'what this is\n');
    git(clone, 'add', 'README');
    git(clone, 'commit', '--quiet', '-m', 'say what this is');
    git(clone, 'push', '--quiet');
    await one.append('a', note(20));
    expect(held()).toEqual(['README', file(10), file(20)]);
  });
});

describe('several processes', () => {
  const sizes = Array.from({ length: 5 }, (_, index) => index + 1);

  test('on one folder commit one after the other', async () => {
    const [one, two] = [store(), store()];
    await Promise.all(sizes.flatMap((n) => [one.append('a', note(n)), two.append('a', note(n + 10))]));
    expect(held()).toHaveLength(10);
    expect(git(join(folder, 'one'), 'fsck', '--no-dangling')).toBe('');
    expect((await readdir(join(folder, 'one/.git'))).filter((name) => name.startsWith('index-'))).toEqual([]);
  });

  test('with folders of their own send everything to one remote, and learn of each other', async () => {
    const [one, two] = [store('one'), store('two')];
    await Promise.all(sizes.flatMap((n) => [one.append('a', note(n)), two.append('a', note(n + 10))]));
    expect(held()).toHaveLength(10);
    expect(await store('three').list('a')).toHaveLength(10);
  });

  test('that contradict one another are told so', async () => {
    await store('one').append('a', note(10));
    await expect(store('two').append('a', { size: 10, note: 'another\n' })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(git(remote, 'show', `main:${file(10)}`)).toBe('note of 10');
  });
});

test('a remote that nothing would be pushed to is refused by name', () => {
  const place = { checkpoints: join(folder, 'one'), store: 'file' as const, gitRemote: remote };
  expect(() => createCheckpointStore(place, {})).toThrow('HOLDFAST_AUDIT_STORE');
});

test.each(['--upload-pack=touch', 'ext::sh -c id', 'relative/path', 'git@host', 'https://a b'])(
  'the remote %j is refused before git sees it',
  (value) => {
    expect(() => loadConfig({ HOLDFAST_AUDIT_GIT_REMOTE: value })).toThrow('HOLDFAST_AUDIT_GIT_REMOTE');
  },
);
