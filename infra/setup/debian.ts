import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, rm, writeFile } from 'node:fs/promises';
import type { Config } from '../../config.ts';
import { OpsError } from '../../domain/errors.ts';
import { findExecutable } from '../process/executable.ts';
import { say } from './say.ts';

/** A program and the Debian package that brings it. */
export interface Program {
  readonly name: string;
  readonly package: string;
}

export const programsToRun: readonly Program[] = [{ name: 'haproxy', package: 'haproxy' }];

export const programsForTests: readonly Program[] = [
  { name: 'dockerd', package: 'docker.io' },
  { name: 'busybox', package: 'busybox-static' },
  { name: 'ip', package: 'iproute2' },
];

export async function missingPrograms(
  programs: readonly Program[],
  config: Pick<Config, 'searchPath' | 'haproxy'>,
): Promise<Program[]> {
  const missing: Program[] = [];
  for (const program of programs) {
    if (program.name === 'haproxy' && config.haproxy.binary !== null) continue;
    if ((await findExecutable(program.name, config.searchPath)) === null) missing.push(program);
  }
  return missing;
}

/** Installs without starting any service. Throws `unavailable` with what to type where we may not. */
export async function installDebianPackages(
  programs: readonly Program[],
  config: Pick<Config, 'searchPath'>,
): Promise<void> {
  const names = programs.map((program) => program.package);
  const apt = await findExecutable('apt-get', config.searchPath);
  if (apt === null || process.getuid?.() !== 0) throw notAllowed(programs);
  say(`installing ${names.join(', ')} from Debian (about a minute, once a machine)`);
  await withoutServices(async () => {
    await run(apt, ['update', '-qq']);
    await run(apt, [
      'install',
      '-y',
      '-qq',
      '--no-install-recommends',
      '-o',
      'DPkg::Lock::Timeout=300',
      ...names,
    ]);
  });
}

function notAllowed(programs: readonly Program[]): OpsError {
  const names = programs.map((program) => program.name).join(', ');
  const packages = programs.map((program) => program.package).join(' ');
  return new OpsError(
    'unavailable',
    `these programs are missing: ${names}; install them (on Debian: sudo apt-get install -y ${packages}), then run make again`,
  );
}

/** Debian starts a service as soon as its package is there; ours are started by the stack and the tests alone. */
async function withoutServices(install: () => Promise<void>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d';
  const isOurs = await access(policy).then(
    () => false,
    () => true,
  );
  if (isOurs) await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await install();
  } finally {
    if (isOurs) await rm(policy, { force: true });
  }
}

async function run(file: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const child = spawn(file, args, { env, stdio: ['ignore', 2, 2] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new OpsError('unavailable', `${file} ${args.join(' ')} ended with ${code}`);
}
