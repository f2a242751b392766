import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSecrets } from '../../providers/secret/reference.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-secret-'));
  await writeFile(join(folder, 'token'), 'from-a-file\n');
});
afterAll(() => rm(folder, { recursive: true }));

test('a secret comes from the environment or from a file, without its line end', async () => {
  const secrets = createSecrets({ TOKEN: 'from-the-environment' });

  expect(await secrets.read('env:TOKEN')).toBe('from-the-environment');
  expect(await secrets.read(`file:${folder}/token`)).toBe('from-a-file');
});

test.each(['env:NOT_SET', 'env:EMPTY', 'file:/nowhere/at/all', 'file:/', 'nothing'])(
  '%s is not there, which can be mended',
  async (reference) => {
    const secrets = createSecrets({ EMPTY: '' });

    await expect(secrets.read(reference)).rejects.toMatchObject({ code: 'unavailable' });
  },
);
