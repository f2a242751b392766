import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';

export interface PeerTask {
  readonly values: Float32Array;
  readonly dimensions: number;
  readonly threshold: number;
}

export interface PeerResult {
  readonly seconds: number;
  readonly extra_mb: number;
  readonly labels: readonly number[];
}

/** The Python that Debian's python3-sklearn belongs to: another one on the PATH may not have it. */
const python = '/usr/bin/python3';

export async function hasPeer(): Promise<boolean> {
  const isThere = await access(python).then(
    () => true,
    () => false,
  );
  return isThere && (await exitCode(['-c', 'import sklearn'])) === 0;
}

/** scikit-learn over the same rows, in one process for all tasks. */
export async function runPeer(tasks: readonly PeerTask[]): Promise<PeerResult[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-bench-'));
  try {
    const files = await Promise.all(
      tasks.map(async ({ values, dimensions, threshold }, index) => {
        const file = path.join(folder, `${index}.f32`);
        await writeFile(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
        return { path: file, dimensions, threshold };
      }),
    );
    return await results(JSON.stringify(files));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function results(input: string): Promise<PeerResult[]> {
  const child = spawn(python, [path.join(import.meta.dirname, 'sklearn_peer.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(input);
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code !== 0) throw new Error(`scikit-learn ended with ${String(code)}`);
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as PeerResult);
}

async function exitCode(args: readonly string[]): Promise<unknown> {
  const child = spawn(python, args, { stdio: 'ignore' });
  const [code] = (await once(child, 'close')) as unknown[];
  return code;
}
