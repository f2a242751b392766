import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcesses } from '../process/end.ts';
import { isAlive, markOf, type ProcessMark } from '../process/proc.ts';
import { withLogFile } from './log-file.ts';
import type { PartCommand } from './part.ts';
import { partMark } from './survivors.ts';

/** One running process of a part, whoever started it. */
export interface Life {
  readonly mark: ProcessMark | null;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  /** How it ended, as the rest of a sentence. */
  how(): string;
  /** Asks it to end, kills it after `graceMs`, and returns when it is gone. */
  end(signal: NodeJS.Signals, graceMs: number): Promise<void>;
}

/** Starts the process with the marks by which a later supervisor finds it. */
export function beginLife(command: PartCommand, part: { home: string; name: string }): Life {
  const { file, args, cwd = part.home, uid, gid } = command;
  const env = { ...command.env, HOLDFAST_HOME: part.home, [partMark]: part.name };
  const child = withLogFile(part.home, part.name, (log) =>
    spawn(file, args, { cwd, uid, gid, env, stdio: ['ignore', log, log] }),
  );
  let fault: string | null = null;
  child.on('error', (error) => (fault = error.message));
  return {
    mark: child.pid === undefined ? null : markOf(child.pid),
    ended: hasEnded(child) ? Promise.resolve() : once(child, 'exit').then(() => undefined),
    hasEnded: () => hasEnded(child),
    how: () =>
      fault ?? (child.signalCode === null ? `with code ${child.exitCode}` : `by ${child.signalCode}`),
    async end(signal, graceMs) {
      if (hasEnded(child)) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await this.ended.finally(() => clearTimeout(timer));
    },
  };
}

const lookMs = 100;

/** Takes over a process that an earlier supervisor started. */
export function adoptLife(mark: ProcessMark): Life {
  async function untilGone(): Promise<void> {
    while (isAlive(mark)) await delay(lookMs);
  }
  return {
    mark,
    ended: untilGone(),
    hasEnded: () => !isAlive(mark),
    how: () => 'while another supervisor was its parent',
    end: (signal, graceMs) => endProcesses([mark], { signal, graceMs }),
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
