import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { faultKinds } from '../../domain/audit/fault.ts';

const root = join(import.meta.dirname, '../..');

test('every proof that the security page names is there', async () => {
  const page = await readFile(join(root, 'docs/security.md'), 'utf8');
  const named = [...page.matchAll(/`((?:test|infra)\/[^`]+)`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(20);
  for (const path of named) await expect(access(join(root, path)), path).resolves.toBeUndefined();
});

test('it counts the kinds of tampering right', async () => {
  const page = await readFile(join(root, 'docs/security.md'), 'utf8');
  const named = 4;
  expect(page).toContain(
    `Edits, gaps, forks, reordering and ${Object.keys(faultKinds).length - named} more kinds`,
  );
});
