import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { adminKeyFile } from '../infra/stack/keys.ts';
import { readStackRecord, type StackRecord } from '../infra/stack/record.ts';
import { askApi } from './ask-api.ts';

/** A whole stack of its own for one benchmark, brought up and taken down by the command `holdfast`. */
export interface BenchStack {
  readonly record: StackRecord;
  readonly home: string;
  /** Asks the API; throws the problem it answers. */
  api<T>(method: 'GET' | 'POST' | 'PUT', route: string, body?: unknown): Promise<T>;
}

const root = path.resolve(import.meta.dirname, '..');

/** Runs `use` on a stack in a temporary folder. What was started is stopped, also after a failure. */
export async function withStack<T>(use: (stack: BenchStack) => Promise<T>): Promise<T> {
  const home = await mkdtemp(path.join(tmpdir(), 'holdfast-bench-'));
  try {
    await holdfast(home, 'up');
    const record = await readStackRecord(home);
    if (record === null) throw new Error('the stack did not come up');
    const key = (await readFile(adminKeyFile(home), 'utf8')).trim();
    return await use({
      record,
      home,
      api: (method, route, body) => askApi({ base: record.urls.api, key }, { method, route, body }),
    });
  } finally {
    await holdfast(home, 'down');
    await rm(home, { recursive: true, force: true });
  }
}

function holdfast(home: string, ...args: string[]): Promise<void> {
  const child = spawn(path.join(root, 'holdfast'), args, {
    env: { ...process.env, HOLDFAST_HOME: home },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`holdfast ${args.join(' ')} ended with ${code}`));
    });
  });
}
