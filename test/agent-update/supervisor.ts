import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const main = resolve(import.meta.dirname, '../../proxy-agent/main.ts');

/** What a service manager does: starts the installed program, again whenever it ends. */
export interface Supervisor {
  pid(): number;
  readonly starts: number;
  log(): string;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export function supervise(env: Readonly<Record<string, string>>): Supervisor {
  let child: ChildProcess = start();
  let isOver = false;
  let log = '';
  let starts = 1;

  function start(): ChildProcess {
    const started = spawn(process.execPath, [main, 'run'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    started.stderr.on('data', (part: Buffer) => (log += part.toString()));
    started.once('exit', () => void again());
    return started;
  }

  async function again(): Promise<void> {
    await sleep(100);
    if (isOver) return;
    starts += 1;
    child = start();
  }

  return {
    pid: () => child.pid ?? 0,
    get starts() {
      return starts;
    },
    log: () => log,
    kill: (signal) => void child.kill(signal),
    async stop() {
      isOver = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
