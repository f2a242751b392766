import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { OpsError } from '../../domain/errors.ts';
import { preparePostgres } from './prepare.ts';

export interface RunningPostgres {
  /** Connection URL of the database `holdfast`. */
  readonly url: string;
  readonly pid: number;
  /** Fast shutdown; resolves when the process is gone. */
  stop(): Promise<void>;
}

/** Starts the embedded PostgreSQL with its files below `folder` and waits until it answers. Durable, Unix socket only. */
export async function startPostgres(folder: string): Promise<RunningPostgres> {
  const command = await preparePostgres(folder);
  const { file, args, cwd, uid, gid } = command;
  const child = spawn(file, args, { cwd, uid, gid, env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  try {
    await untilPostgresAnswers(command.url, 15_000, () => child.exitCode !== null);
  } catch (cause) {
    await stop(child);
    throw new OpsError('unavailable', `PostgreSQL did not start: ${said.trim()}`, {}, cause);
  }
  return { url: command.url, pid: child.pid ?? 0, stop: () => stop(child) };
}

/** Resolves when a query is answered; throws `unavailable` after `withinMs`, or as soon as `gaveUp` says so. */
export async function untilPostgresAnswers(
  url: string,
  withinMs: number,
  gaveUp: () => boolean = () => false,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  while (performance.now() < deadline && !gaveUp()) {
    try {
      return await askPostgres(url);
    } catch (error) {
      last = error;
      await delay(25);
    }
  }
  throw new OpsError('unavailable', 'PostgreSQL does not answer', {}, last);
}

/** One query over a connection of its own; throws what the driver throws. */
export async function askPostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGINT');
  await gone;
}
