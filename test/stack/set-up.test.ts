import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { loadConfig } from '../../config.ts';
import { installDebianPackages, missingPrograms } from '../../infra/setup/debian.ts';
import { temporalVersion } from '../../infra/temporal/version.ts';

const run = promisify(execFile);

test('a second set-up has nothing to do and says nothing', async () => {
  const { stdout, stderr } = await run('sh', ['infra/setup/setup.sh', '--tests']);

  expect(stdout + stderr).toBe('');
});

test('a missing program is found, and named with its package where we may not install it', async () => {
  const programs = [
    { name: 'sh', package: 'dash' },
    { name: 'no-such-program', package: 'no-such-package' },
  ];

  const missing = await missingPrograms(programs, loadConfig(process.env));
  const installing = installDebianPackages(missing, { searchPath: [] });

  await expect(installing).rejects.toThrow(/no-such-program.*apt-get install -y no-such-package/);
  expect(missing).toHaveLength(1);
});

test('the server of the tests is the pinned one', async () => {
  const { stdout } = await run(inject('temporal').binary, ['--version']);

  expect(stdout).toContain(`version ${await temporalVersion()} `);
});

test('two builds at once: the second waits for the lock and finds the binary', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-build-'));
  const target = join(folder, 'temporal');
  // Who holds the lock brings the binary; the build that waits for it has to look again.
  const first = run('flock', [`${target}.lock`, 'sh', '-c', `sleep 0.5; cp /bin/true ${target}`]);
  await delay(100);
  const second = run('flock', [
    `${target}.lock`,
    process.execPath,
    'infra/setup/temporal-build.ts',
    target,
    '0.0.0',
  ]);

  await Promise.all([first, second]);

  expect((await readdir(folder)).toSorted()).toEqual(['temporal', 'temporal.lock']);
  await rm(folder, { recursive: true });
});
