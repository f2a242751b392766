import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface LoopCounts {
  readonly requests: number;
  readonly failed: number;
  readonly reasons: Readonly<Record<string, number>>;
}

export interface ClosedLoop {
  counts(): LoopCounts;
  stop(): Promise<LoopCounts>;
}

export type LoopMode = 'keep-alive' | 'one-shot';

const program = join(import.meta.dirname, '../closed-loop-process.ts');

export function startClosedLoop(port: number, mode: LoopMode): ClosedLoop {
  const child = spawn(process.execPath, [program, '--port', String(port), '--mode', mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let counts: LoopCounts = { requests: 0, failed: 0, reasons: {} };
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    const lines = (rest + part).split('\n');
    rest = lines.pop() ?? '';
    const last = lines.at(-1);
    if (last) counts = JSON.parse(last) as LoopCounts;
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    counts: () => counts,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      return counts;
    },
  };
}
