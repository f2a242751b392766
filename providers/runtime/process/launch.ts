import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { OpsError } from '../../../domain/errors.ts';
import { dropTicket, hasTicket, recordOf, writeExit, type InstanceFolder } from './folder.ts';

export interface Launch {
  readonly folder: InstanceFolder;
  readonly attempt: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export type LaunchOutcome =
  | { readonly kind: 'runs' }
  /** The command itself ended within the settling time. */
  | { readonly kind: 'ended'; readonly how: string }
  /** Another process holds the instance: one that runs, or is about to. */
  | { readonly kind: 'held' }
  /** The instance was removed meanwhile. */
  | { readonly kind: 'removed' };

/** Of util-linux, which every Debian has; never looked for on the PATH of the service. */
const flock = '/usr/bin/flock';
const settleMs = 300;
const launchLimitMs = 15_000;
const heldCode = 75;
const removedCode = 76;

/**
 * Runs under the instance's lock, in a session of its own, and becomes the command: so the kernel keeps the lock exactly as long as
 * the command or something it started lives, whoever else is killed. What is written is written under the lock. A lock file that was
 * removed after it was opened protects nothing, hence the look whether it is still the one in the folder.
 */
const launcher = `
folder=$1 attempt=$2; shift 2
held=; for fd in /proc/self/fd/*; do [ "$folder/lock" -ef "$fd" ] && held=yes; done
[ "$held" ] || exit ${removedCode}
/bin/mv "$folder/$attempt.ticket" "$folder/record.json" 2>/dev/null || exit ${removedCode}
read -r boot < /proc/sys/kernel/random/boot_id
read -r stat < /proc/self/stat
printf '%s\\n%s\\n' "$boot" "$stat" > "$folder/process" || exit ${removedCode}
[ -s "$folder/output.log" ] && /bin/mv "$folder/output.log" "$folder/output.previous.log"
exec >> "$folder/output.log" 2>&1
exec "$@"
`;

/** The folder goes in one step, so that no start sees half of it. */
const remover = `
folder=$1 away=$2
held=; for fd in /proc/self/fd/*; do [ "$folder/lock" -ef "$fd" ] && held=yes; done
[ "$held" ] && /bin/mv "$folder" "$away" && /bin/rm -rf "$away"
`;

/** Starts the command of a ticket and watches it for a moment. Throws `unavailable` where there is no flock. */
export async function launch({ folder, attempt, command, cwd, env }: Launch): Promise<LaunchOutcome> {
  const args = ['/bin/sh', '-c', launcher, 'holdfast-instance', folder.path, attempt, ...command];
  const spawned = await spawnLocked(folder, args, { cwd, env });
  if (spawned === null) return { kind: 'removed' };
  const { child } = spawned;
  const ended = spawned.ended.then(() => noteExit(folder, attempt, exitNumber(child)));
  const isEnded = await settled(folder, attempt, ended);
  child.unref();
  return isEnded ? outcomeOf(folder, attempt, child) : { kind: 'runs' };
}

/** Moves the folder away while nothing holds the instance. false when something does. */
export async function removeUnderLock(folder: InstanceFolder, away: string): Promise<boolean> {
  const args = ['/bin/sh', '-c', remover, 'holdfast-remove', folder.path, away];
  const spawned = await spawnLocked(folder, args, { cwd: '/', env: {} });
  if (spawned === null) return true;
  await spawned.ended;
  return spawned.child.exitCode === 0;
}

async function spawnLocked(
  folder: InstanceFolder,
  args: readonly string[],
  options: { cwd: string; env: Readonly<Record<string, string>> },
): Promise<{ child: ChildProcess; ended: Promise<void> } | null> {
  const output = await open(folder.output, 'a').catch(() => null);
  if (output === null) return null;
  try {
    const lock = ['--nonblock', '--no-fork', '--conflict-exit-code', String(heldCode), folder.lock];
    const stdio = ['ignore', output.fd, output.fd] as const;
    const child = spawn(flock, [...lock, ...args], { ...options, detached: true, stdio: [...stdio] });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    await once(child, 'spawn');
    return { child, ended };
  } catch (error) {
    throw notSpawned(error);
  } finally {
    await output.close();
  }
}

function notSpawned(error: unknown): OpsError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  if (code === 'E2BIG') return new OpsError('start-failed', 'the command and its environment are too long');
  return new OpsError(
    'unavailable',
    `${flock} cannot be run (${code}); the process runtime needs Linux and util-linux`,
    {},
    error,
  );
}

/** true when the process ended before it had run for the settling time. */
async function settled(folder: InstanceFolder, attempt: string, ended: Promise<void>): Promise<boolean> {
  const isOver = ended.then(() => true);
  const deadline = performance.now() + launchLimitMs;
  while ((await recordOf(folder))?.attempt !== attempt && performance.now() < deadline) {
    if (await Promise.race([isOver, delay(10, false)])) return true;
  }
  return Promise.race([isOver, delay(settleMs, false)]);
}

async function noteExit(folder: InstanceFolder, attempt: string, code: number): Promise<void> {
  if ((await recordOf(folder))?.attempt === attempt) await writeExit(folder, attempt, code);
}

async function outcomeOf(
  folder: InstanceFolder,
  attempt: string,
  child: ChildProcess,
): Promise<LaunchOutcome> {
  // A command may end with our own codes: whether its ticket was taken tells whose they are.
  if ((await recordOf(folder))?.attempt === attempt) return { kind: 'ended', how: howEnded(child) };
  if (!(await hasTicket(folder, attempt))) return { kind: 'removed' };
  await dropTicket(folder, attempt);
  if (child.exitCode === heldCode) return { kind: 'held' };
  // A stop found it before it had the lock.
  if (child.signalCode !== null) return { kind: 'removed' };
  throw new OpsError(
    'unavailable',
    `${flock} ended ${howEnded(child)} and started nothing; see ${folder.output}`,
  );
}

/** As shells tell it: 128 and the signal's number for a process that was killed. */
function exitNumber({ exitCode, signalCode }: ChildProcess): number {
  return exitCode ?? 128 + (signalCode === null ? 0 : constants.signals[signalCode]);
}

function howEnded({ exitCode, signalCode }: ChildProcess): string {
  return signalCode === null ? `with code ${exitCode}` : `by ${signalCode}`;
}
