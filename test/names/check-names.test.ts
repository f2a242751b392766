import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nameProblems } from '../../infra/check-names.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'names-'));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

const path = [
  'contracts/backup.ts',
  'api/backup/start.ts',
  'workflows/backup.ts',
  'workflows/index.ts',
  'workflows/shared/failure.ts',
  'domain/backup/plan.ts',
  'activities/backup/index.ts',
  'activities/reconciliation.ts',
  'db/backup.ts',
  'cli/backup.ts',
  'test/backup/domain/plan.test.ts',
  'docs/backup.md',
];

test('a capability with every stop has no problems', async () => {
  await write(path);

  expect(await nameProblems(root, ['backup'])).toEqual([]);
});

test.each([
  ['contracts/backup.ts', 'backup: contracts/backup.ts or contracts/backup/ is missing'],
  ['domain/backup/plan.ts', 'backup: domain/backup.ts or domain/backup/ is missing'],
  ['cli/backup.ts', 'backup: cli/backup.ts or cli/backup/ is missing'],
  ['test/backup/domain/plan.test.ts', 'backup: test/backup/ is missing'],
  ['docs/backup.md', 'backup: docs/backup.md is missing'],
])('without %s it says where the stop belongs', async (left, problem) => {
  await write(path.filter((file) => file !== left));

  const problems = await nameProblems(root, ['backup']);

  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(problem);
});

test.each(['workflows/restore.ts', 'activities/restore/index.ts'])(
  '%s, the stem of no operation kind, is named',
  async (stranger) => {
    await write([...path, stranger]);

    const problems = await nameProblems(root, ['backup']);

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('is the stem of no operation kind');
  },
);

async function write(files: readonly string[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), '');
  }
}
