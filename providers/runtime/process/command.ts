import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { OpsError } from '../../../domain/errors.ts';
import { fillIn, referencesOf, resolveEnvironment } from '../placeholders.ts';
import type { OwnEnvironment } from '../references.ts';
import type { InstanceSpec } from '../runtime.ts';

export interface ReadyCommand {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What of `env` was a reference: the values of these must not be shown. */
  readonly references: readonly string[];
}

/** Only these are handed down: a service has no business with the worker's secrets. */
const inherited = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];
const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What to run for the instance. Throws `start-failed` when it cannot be run: no such folder or program, not executable. */
export async function commandOf(
  spec: InstanceSpec,
  { home, port, env: own }: { home: string; port: number; env: OwnEnvironment },
): Promise<ReadyCommand> {
  const { start, id, version } = spec;
  if (start.runtime !== 'process') {
    throw new OpsError('start-failed', `${id} starts by ${start.runtime}, not as a process`);
  }
  const values = { version, port: String(port), instance: id };
  const command = start.command.map((argument) => fillIn(argument, values));
  const cwd = start.cwd ?? '/';
  const env: Record<string, string> = {
    ...inheritedFrom(own),
    HOST: '127.0.0.1',
    ...resolveEnvironment(start.env ?? {}, values, own),
    PORT: values.port,
    ...markerOf(home, id),
  };
  await refuseMissingFolder(id, cwd);
  await refuseUnrunnable(id, command[0] ?? '', cwd, env.PATH ?? usualPath);
  return { command, cwd, env, references: referencesOf(start.env ?? {}, values) };
}

/** The environment entries by which the processes of an instance are found, whoever started them. */
export function markerOf(home: string, id: string): { HOLDFAST_INSTANCE: string; HOLDFAST_HOME: string } {
  return { HOLDFAST_INSTANCE: id, HOLDFAST_HOME: home };
}

function inheritedFrom(own: OwnEnvironment): Record<string, string> {
  const entries = inherited.map((name) => [name, own[name]] as const);
  return { PATH: usualPath, ...Object.fromEntries(entries.filter(([, value]) => value !== undefined)) };
}

async function refuseMissingFolder(id: string, cwd: string): Promise<void> {
  const isFolder = await stat(cwd).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new OpsError('start-failed', `${id} cannot start: its cwd ${cwd} is not a folder`);
}

async function refuseUnrunnable(id: string, program: string, cwd: string, path: string): Promise<void> {
  const candidates = program.includes('/') ? [''] : path.split(':').filter((folder) => folder !== '');
  let reason = 'no such program (ENOENT)';
  for (const folder of candidates) {
    const fault = await whyUnrunnable(resolve(cwd, folder, program));
    if (fault === null) return;
    if (fault !== 'ENOENT' && fault !== 'ENOTDIR') reason = `it may not be executed (${fault})`;
  }
  throw new OpsError('start-failed', `${id} cannot start: ${program}: ${reason}`);
}

async function whyUnrunnable(file: string): Promise<string | null> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile() ? null : 'it is no file';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}
