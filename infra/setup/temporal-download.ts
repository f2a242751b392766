import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isExecutable } from '../process/executable.ts';

/** Where the Temporal SDK, too, gets its development server from. */
const vendor = 'https://temporal.download/cli/archive';

/** The vendor's binary of that version to `target`. false when it cannot be had; gives up after 5 s without an answer. */
export async function downloadTemporal(version: string, target: string): Promise<boolean> {
  const part = await mkdtemp(join(dirname(target), 'part-'));
  try {
    await unpack(await request(version), part);
    if (!(await isExecutable(join(part, 'temporal')))) return false;
    await rename(join(part, 'temporal'), target);
    return true;
  } catch {
    return false;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

async function request(version: string): Promise<Response> {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const noAnswer = new AbortController();
  const timer = setTimeout(() => noAnswer.abort(), 5000);
  const url = `${vendor}/v${version}?platform=${process.platform}&arch=${arch}`;
  const answer = await fetch(url, { signal: noAnswer.signal }).finally(() => clearTimeout(timer));
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer;
}

async function unpack(answer: Response, folder: string): Promise<void> {
  if (answer.body === null) throw new Error('an empty answer');
  const tar = spawn('tar', ['-xz', '-C', folder, 'temporal'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = once(tar, 'exit');
  await pipeline(Readable.fromWeb(answer.body), tar.stdin);
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`tar ended with ${code}`);
}
