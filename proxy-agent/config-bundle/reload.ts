import { setTimeout as sleep } from 'node:timers/promises';
import { takeSnapshot } from '../snapshot.ts';
import type { Ask } from '../socket.ts';
import { askProcesses, type Processes } from './processes.ts';
import { askProof } from './proof.ts';

/** One HAProxy as a reload sees it. */
export interface ReloadTarget {
  readonly master: Ask;
  readonly runtime: Ask;
  readonly proofSocket: string;
  readonly times: ReloadTimes;
}

/** In milliseconds. */
export interface ReloadTimes {
  /** How long a new worker has until it serves. */
  readonly liveMs: number;
  /** How long HAProxy has until it is ready for a reload. */
  readonly readyMs: number;
  readonly pollMs: number;
  /** With more old workers than these, memory counts for more than being new. */
  readonly mostOldWorkers: number;
}

/**
 * Waits until HAProxy can take a reload: the master answers, so none is under way, and old workers are few. A reload that is sent
 * to a master which is busy with another one is lost without a word.
 */
export async function waitUntilReady({
  master,
  times,
}: ReloadTarget): Promise<Processes | { fault: string }> {
  const deadline = performance.now() + times.readyMs;
  for (;;) {
    const found = await askProcesses(master).catch((error: Error) => ({ fault: error.message }));
    const fault = 'fault' in found ? found.fault : unready(found, times);
    if (fault === null) return found;
    if (performance.now() > deadline) return { fault };
    await sleep(times.pollMs);
  }
}

function unready({ workers, oldWorkers }: Processes, { mostOldWorkers }: ReloadTimes): string | null {
  if (oldWorkers.length > mostOldWorkers)
    return `${oldWorkers.length} old workers still serve; a reload waits until there are ${mostOldWorkers}`;
  return workers.length === 0 && oldWorkers.length === 0 ? 'the master has no worker' : null;
}

/**
 * Sends one reload. Resolves with what HAProxy answers; 2.6 answers nothing, and how its connection ends tells nothing either. Only a
 * master that does not answer at all gets the signal instead.
 */
export async function sendReload({ master }: ReloadTarget, before: Processes): Promise<string> {
  const isDeaf = await askProcesses(master).then(
    () => false,
    () => true,
  );
  if (!isDeaf) return master('reload').catch(() => '');
  process.kill(before.master, 'SIGUSR2');
  return '';
}

export interface Unproven {
  readonly why: string;
  /** HAProxy itself refused: sending it again would only disturb. */
  readonly isRefused: boolean;
}

/** Waits until a worker that was not there before serves `hash` and answers on the runtime socket. null: proven. */
export async function proveLive(
  target: ReloadTarget,
  hash: string,
  before: Processes,
): Promise<Unproven | null> {
  const deadline = performance.now() + target.times.liveMs;
  for (;;) {
    const unproven = await lookForProof(target, hash, before);
    if (unproven === null || unproven.isRefused || performance.now() > deadline) return unproven;
    await sleep(target.times.pollMs);
  }
}

async function lookForProof(
  { master, runtime, proofSocket }: ReloadTarget,
  hash: string,
  before: Processes,
): Promise<Unproven | null> {
  const served = await askProof(proofSocket);
  const now = await askProcesses(master).catch(() => null);
  if (!now) return notYet('the master does not answer');
  if (now.failed > before.failed) return { why: refusedByHaproxy, isRefused: true };
  if (served !== hash) return notYet(served === null ? 'nothing answers the proof' : `${served} is served`);
  const fresh = now.workers.find((pid) => !before.workers.includes(pid) && !before.oldWorkers.includes(pid));
  if (fresh === undefined) return notYet('no new worker came up');
  const pid = await takeSnapshot(runtime).then(
    (snapshot) => snapshot.pid,
    () => null,
  );
  return pid === fresh ? null : notYet('the new worker does not answer on the runtime socket');
}

const refusedByHaproxy =
  'HAProxy did not load it (a bind that another process holds, a right or a limit); its own log says which';

function notYet(why: string): Unproven {
  return { why, isRefused: false };
}
