import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckpointStore } from '../../providers/checkpoint-store/checkpoint-store.ts';
import { createFileCheckpointStore } from '../../providers/checkpoint-store/file.ts';
import { createGitCheckpointStore } from '../../providers/checkpoint-store/git.ts';
import { createMemoryCheckpointStore } from '../../providers/checkpoint-store/memory.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-checkpoints-'));
  execFileSync('git', ['init', '--quiet', '--bare', join(folder, 'remote')]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each<[string, () => CheckpointStore]>([
  ['memory', createMemoryCheckpointStore],
  ['file', () => createFileCheckpointStore(join(folder, 'store'))],
  ['git', () => createGitCheckpointStore(join(folder, 'git'), { remote: null, env: process.env })],
  [
    'git with a remote',
    () =>
      createGitCheckpointStore(join(folder, 'pushed'), { remote: join(folder, 'remote'), env: process.env }),
  ],
])('a checkpoint store: %s', (_name, create) => {
  test('has nothing of a project that it does not know', async () => {
    const store = create();

    expect(await store.latest('unknown')).toBeNull();
    expect(await store.list('unknown')).toEqual([]);
  });

  test('keeps what was appended, by size, each project for itself', async () => {
    const store = create();

    await store.append('a', { size: 100, note: 'hundred\n' });
    await store.append('a', { size: 20, note: 'twenty\n' });
    await store.append('b', { size: 7, note: 'seven\n' });

    expect(await store.list('a')).toEqual([
      { size: 20, note: 'twenty\n' },
      { size: 100, note: 'hundred\n' },
    ]);
    expect(await store.latest('a')).toEqual({ size: 100, note: 'hundred\n' });
    expect(await store.latest('b')).toEqual({ size: 7, note: 'seven\n' });
  });

  test('takes the same one again, and refuses another of that size', async () => {
    const store = create();
    await store.append('c', { size: 1, note: 'one\n' });

    await store.append('c', { size: 1, note: 'one\n' });

    await expect(store.append('c', { size: 1, note: 'another\n' })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await store.list('c')).toEqual([{ size: 1, note: 'one\n' }]);
  });

  test('takes many at once', async () => {
    const store = create();

    await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.append('d', { size: 1 + (index % 5), note: 'same\n' })),
    );

    expect((await store.list('d')).map(({ size }) => size)).toEqual([1, 2, 3, 4, 5]);
  });
});

test('a file is read-only and leaves no part behind', async () => {
  const place = join(folder, 'alone');

  await createFileCheckpointStore(place).append('a', { size: 3, note: 'three\n' });

  expect(await readdir(join(place, 'a'))).toEqual(['000000000003.checkpoint']);
  expect((await stat(join(place, 'a', '000000000003.checkpoint'))).mode & 0o222).toBe(0);
});
