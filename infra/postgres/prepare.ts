import { execFile } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { applicationRole } from '../../db/application-role.ts';
import { OpsError } from '../../domain/errors.ts';
import { endProcesses } from '../process/end.ts';
import { findProcesses, workingFolderOf } from '../process/proc.ts';
import { postgresAccount, type Account } from './account.ts';
import { postgresBinaries } from './binaries.ts';
import { makePlace, type Place } from './place.ts';

const run = promisify(execFile);

/** How to start the server; `uid` and `gid` are set when it must not run as root. */
export interface PostgresCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Connection URL of the database `holdfast`, over the Unix socket. */
  readonly url: string;
}

/** Makes the cluster when there is none, and stops the survivor of a crash that still holds it. Idempotent. */
export async function preparePostgres(folder: string): Promise<PostgresCommand> {
  const account = postgresAccount();
  const binaries = await postgresBinaries(account);
  const place = await makePlace(folder, account);
  await stopSurvivors(place);
  if (!(await isInitialised(place))) await initialise(place, binaries, account);
  return {
    file: join(binaries, 'bin/postgres'),
    args: serverArguments(place),
    cwd: place.data,
    ...account,
    url: postgresUrl(place),
  };
}

/** Where the server of this folder will answer, before it is started. */
export async function plannedPostgresUrls(folder: string): Promise<PostgresUrls> {
  const place = await makePlace(folder, postgresAccount());
  return { owner: postgresUrl(place), application: postgresUrl(place, applicationRole) };
}

export interface PostgresUrls {
  /** For migrations. */
  readonly owner: string;
  /** For the API and the workers: who owns nothing, and is bound by row-level security. */
  readonly application: string;
}

function postgresUrl(place: Place, user = 'postgres'): string {
  return `postgres://${user}@/holdfast?host=${encodeURIComponent(place.sockets)}`;
}

/** A postmaster and its backends all work in the data folder: none of an earlier life may be left when a new one starts. */
async function stopSurvivors(place: Place): Promise<void> {
  const survivors = findProcesses((pid) => workingFolderOf(pid) === place.data);
  // SIGINT is PostgreSQL's fast shutdown: it ends sessions and writes a checkpoint.
  await endProcesses(survivors, { signal: 'SIGINT', graceMs: 10_000 });
  for (const file of await readdir(place.sockets)) await rm(join(place.sockets, file));
  await rm(join(place.data, 'postmaster.pid'), { force: true });
}

async function isInitialised(place: Place): Promise<boolean> {
  const files = await readdir(place.data);
  return files.includes('holdfast.ready');
}

async function initialise(place: Place, binaries: string, account: Account | null): Promise<void> {
  for (const file of await readdir(place.data)) {
    await rm(join(place.data, file), { recursive: true, force: true });
  }
  const args = ['-D', place.data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8'];
  const options = { cwd: place.data, env: {}, ...account };
  try {
    await run(join(binaries, 'bin/initdb'), args, options);
    await run('/bin/sh', ['-c', single(place, binaries)], options);
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.trim() ?? String(cause);
    throw new OpsError(
      'internal',
      `the database cluster in ${place.data} could not be made: ${said}`,
      {},
      cause,
    );
  }
}

/** Creates our database and then the mark that says the cluster is whole; a crash before it starts over. */
function single(place: Place, binaries: string): string {
  const postgres = quote(join(binaries, 'bin/postgres'));
  const data = quote(place.data);
  return `echo 'create database holdfast' | ${postgres} --single -D ${data} postgres >/dev/null && : >${data}/holdfast.ready`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A small server on a Unix socket alone; durability stays on. */
function serverArguments(place: Place): string[] {
  const settings = {
    listen_addresses: '',
    port: 5432,
    unix_socket_directories: place.sockets,
    unix_socket_permissions: '0700',
    shared_buffers: '32MB',
    max_connections: 60,
    synchronous_commit: 'on',
    autovacuum_max_workers: 2,
    max_worker_processes: 4,
    max_parallel_workers: 0,
    io_method: 'sync',
    jit: 'off',
    max_wal_size: '256MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
  return ['-D', place.data, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])];
}
