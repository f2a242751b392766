import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OpsError } from '../../domain/errors.ts';
import { temporalVersion } from './version.ts';

const run = promisify(execFile);

/** Where set-up puts the binary of a version: outside of every checkout. */
export function cachedTemporal(cache: string, version: string): string {
  return join(cache, `temporal-${version}`, 'temporal');
}

/** The temporal CLI: the one named, else one of the pinned version on PATH, else the cached one. Throws `unavailable`. */
export async function temporalBinary(options: { cache: string; binary: string | null }): Promise<string> {
  const found = await findTemporal(options);
  if (found !== null) return found;
  throw new OpsError(
    'unavailable',
    'the Temporal server is not there; run make setup, or set HOLDFAST_TEMPORAL_BIN',
  );
}

/** null when set-up has to fetch or build it. */
export async function findTemporal(options: {
  cache: string;
  binary: string | null;
}): Promise<string | null> {
  if (options.binary !== null) return options.binary;
  const version = await temporalVersion();
  const cached = cachedTemporal(options.cache, version);
  if (await isExecutable(cached)) return cached;
  return (await reportsVersion('temporal', version)) ? 'temporal' : null;
}

async function reportsVersion(binary: string, version: string): Promise<boolean> {
  return run(binary, ['--version']).then(
    ({ stdout }) => stdout.includes(`version ${version} `),
    () => false,
  );
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
