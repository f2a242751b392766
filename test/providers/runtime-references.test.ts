import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { resolveReference } from '../../providers/runtime/references.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-references-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

test('a variable and a small file are what they hold', () => {
  writeFileSync(at('secret'), 'hidden\n');

  expect(resolveReference('env:KEY', { KEY: 'hidden' })).toBe('hidden');
  expect(resolveReference(`file:${at('secret')}`, {})).toBe('hidden');
});

test('what is not there, never ends or is far too long is nothing, and holds nobody up', () => {
  execFileSync('mkfifo', [at('pipe')]);
  writeFileSync(at('huge'), 'x'.repeat(65 * 1024));

  for (const path of [at('missing'), at('pipe'), at('huge'), folder, '/dev/zero'])
    expect([path, resolveReference(`file:${path}`, {})]).toEqual([path, null]);
  expect(resolveReference('env:MISSING', {})).toBeNull();
});
