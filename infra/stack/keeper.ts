import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcesses } from '../process/end.ts';
import { markOf, type ProcessMark } from '../process/proc.ts';
import { withLogFile } from './log-file.ts';
import type { Part, PartCommand } from './part.ts';
import type { PartRecord, PartState } from './record.ts';
import { partMark, processesOfPart } from './survivors.ts';

const firstPauseMs = 200;
const longestPauseMs = 5000;
/** A part that ran this long has recovered: the next pause is a short one again. */
const healthyMs = 30_000;

export interface Keeper {
  readonly part: Part;
  view(): PartRecord;
  /** Keeps the part running until `stop`. Resolves when it does its work, rejects after `attempts` that came to nothing. */
  start(attempts: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a part, and starts it again whenever it ends, with growing pauses. */
export function createKeeper(part: Part, home: string, onChange: () => void): Keeper {
  const stopping = new AbortController();
  let state: PartState = 'stopped';
  let mark: ProcessMark | null = null;
  let child: ChildProcess | null = null;
  let restarts = 0;
  let since = new Date().toISOString();
  let problem: string | null = null;
  let loop: Promise<void> = Promise.resolve();

  function enter(next: PartState): void {
    state = next;
    since = new Date().toISOString();
    onChange();
  }

  async function keep(onReady: () => void, onFailure: (error: unknown) => void): Promise<void> {
    for (let pause = firstPauseMs; !stopping.signal.aborted; pause = Math.min(pause * 2, longestPauseMs)) {
      const readyAt = await live(onReady, onFailure);
      if (stopping.signal.aborted) break;
      if (readyAt !== null && performance.now() - readyAt > healthyMs) pause = firstPauseMs;
      enter('waiting');
      await delay(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
      restarts += 1;
    }
    enter('stopped');
  }

  /** One life of the process. Answers when it became ready, null if it never did. */
  async function live(onReady: () => void, onFailure: (error: unknown) => void): Promise<number | null> {
    let readyAt: number | null = null;
    child = null;
    enter('starting');
    try {
      await endProcesses(processesOfPart(home, part.name), {
        signal: part.stopSignal,
        graceMs: part.graceMs,
      });
      const born = launch(await part.prepare());
      await part.ready(() => hasEnded(born));
      readyAt = performance.now();
      problem = null;
      enter('running');
      onReady();
      await ended(born);
      if (!stopping.signal.aborted) problem = `it ended ${howEnded(born)}`;
    } catch (error) {
      if (!stopping.signal.aborted) {
        problem = child !== null && hasEnded(child) ? `it ended ${howEnded(child)}` : messageOf(error);
      }
      if (readyAt === null) onFailure(error);
    }
    await endChild();
    mark = null;
    return readyAt;
  }

  function launch(command: PartCommand): ChildProcess {
    const { file, args, cwd = home, uid, gid } = command;
    const env = { ...command.env, HOLDFAST_HOME: home, [partMark]: part.name };
    const born = withLogFile(home, part.name, (log) =>
      spawn(file, args, { cwd, uid, gid, env, stdio: ['ignore', log, log] }),
    );
    born.on('error', (error) => (problem = error.message));
    child = born;
    mark = born.pid === undefined ? null : markOf(born.pid);
    onChange();
    return born;
  }

  async function endChild(): Promise<void> {
    if (child === null || hasEnded(child)) return;
    const gone = ended(child);
    child.kill(part.stopSignal);
    const timer = setTimeout(() => child?.kill('SIGKILL'), part.graceMs);
    await gone.finally(() => clearTimeout(timer));
  }

  return {
    part,
    view: () => ({ name: part.name, state, process: mark, restarts, since, problem }),
    start(attempts) {
      let left = attempts;
      return new Promise((resolve, reject) => {
        loop = keep(resolve, (error) => {
          left -= 1;
          if (left === 0) reject(error instanceof Error ? error : new Error(String(error)));
        });
      });
    },
    async stop() {
      stopping.abort();
      if (state === 'stopped') return;
      enter('stopping');
      await endChild();
      await loop;
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function ended(child: ChildProcess): Promise<void> {
  if (!hasEnded(child)) await once(child, 'exit');
}

function howEnded(child: ChildProcess): string {
  if (child.pid === undefined) return 'before it ran';
  return child.signalCode === null ? `with code ${child.exitCode}` : `by ${child.signalCode}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
