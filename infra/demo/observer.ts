import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadReport } from '../../bench/load.ts';

/** The load and what it saw, from a process of its own: nothing of Holdfast counts for the receipt. */
export interface Observer {
  untilRequests(count: number): Promise<void>;
  /** Requests of the last second by version, for a progress line. */
  recent(): string;
  stop(): Promise<LoadReport>;
}

const none: LoadReport = { requests: 0, failed: 0, failedWithoutVersion: 0, versions: {} };

export function startObserver(root: string, url: string, ratePerSecond: number): Observer {
  const script = path.join(root, 'bench/load-process.ts');
  const args = [script, '--url', url, '--rate', String(ratePerSecond), '--seconds', '300'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let before = none;
  let latest = none;
  createInterface({ input: child.stdout }).on('line', (line) => {
    before = latest;
    latest = JSON.parse(line) as LoadReport;
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));

  return {
    async untilRequests(count) {
      while (latest.requests < count && child.exitCode === null) await delay(200);
    },
    recent() {
      return Object.entries(latest.versions)
        .map(([version, now]) => [version, now.requests - (before.versions[version]?.requests ?? 0)] as const)
        .filter(([, requests]) => requests > 0)
        .map(([version, requests]) => `${version} ${requests}`)
        .join(', ');
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      return latest;
    },
  };
}
