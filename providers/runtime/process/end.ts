import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OpsError } from '../../../domain/errors.ts';
import { markerOf } from './command.ts';
import { instanceFolder, runningProcess, type InstanceFolder } from './folder.ts';
import { removeUnderLock } from './launch.ts';
import { findHolders, findMarked, isAlive, type ProcessMark } from './proc.ts';

const rounds = 20;
const killPatienceMs = 5000;
const trash = '.gone-';

/** Ends all processes of an instance, then removes its folder. A start that runs at the same time elsewhere is ended, too. */
export async function endInstance(options: {
  home: string;
  root: string;
  id: string;
  graceMs: number;
}): Promise<void> {
  const { home, root, id, graceMs } = options;
  const folder = instanceFolder(root, id);
  for (let round = 0; round < rounds; round += 1) {
    // Nearly all carry the marker; who else holds the lock is looked for only where something does.
    const find = round === 0 ? () => marked(home, id) : () => ofInstance(home, id, folder);
    await endProcesses(find, await runningProcess(folder), graceMs);
    if (!(await exists(folder.path))) return;
    if (await removeUnderLock(folder, join(root, `${trash}${randomUUID()}`))) return sweepTrash(root);
    await delay(25);
  }
  throw new OpsError('unavailable', `${id} cannot be ended: something outside of it holds ${folder.lock}`);
}

/** Kills what is left of an instance whose own process is gone. */
export async function endLeftovers(home: string, id: string, folder: InstanceFolder): Promise<void> {
  await endProcesses(() => ofInstance(home, id, folder), null, 0);
}

async function endProcesses(
  find: () => ProcessMark[],
  main: ProcessMark | null,
  graceMs: number,
): Promise<void> {
  const marks = [...(main === null ? [] : [main]), ...find()];
  if (marks.length === 0) return;
  if (graceMs > 0) {
    signalAll(marks, main, 'SIGTERM');
    if (await allGone(() => marks.some(isAlive), graceMs)) return;
  }
  await allGone(() => {
    // What was started since is found again.
    const left = [...marks.filter(isAlive), ...find()];
    signalAll(left, main, 'SIGKILL');
    return left.length > 0;
  }, killPatienceMs);
}

function ofInstance(home: string, id: string, folder: InstanceFolder): ProcessMark[] {
  return [...marked(home, id), ...findHolders(folder.lock)];
}

function marked(home: string, id: string): ProcessMark[] {
  return findMarked(Object.entries(markerOf(home, id)).map(([name, value]) => `${name}=${value}`));
}

/** The process leads a group of its own, so its children hear of it even where they dropped the marker. */
function signalAll(marks: readonly ProcessMark[], main: ProcessMark | null, signal: NodeJS.Signals): void {
  if (main !== null && isAlive(main)) send(-main.pid, signal);
  for (const mark of marks) if (mark.pid !== main?.pid && isAlive(mark)) send(mark.pid, signal);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}

async function allGone(isAny: () => boolean, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isAny()) {
    if (performance.now() >= deadline) return false;
    await delay(20);
  }
  return true;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A kill between moving a folder away and removing it leaves it here. */
async function sweepTrash(root: string): Promise<void> {
  const names = await readdir(root).catch(() => []);
  const old = names.filter((name) => name.startsWith(trash));
  await Promise.all(old.map((name) => rm(join(root, name), { recursive: true, force: true })));
}
