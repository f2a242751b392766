import { open, stat, truncate, writeFile } from 'node:fs/promises';

const outputLimit = 4 * 1024 * 1024;
const tailBytes = 4096;

/** Keeps an output file from filling the disk: the end of it becomes `.previous`. The writer appends, so it goes on at the start. */
export async function boundOutput(file: string): Promise<void> {
  const size = await stat(file).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size <= outputLimit) return;
  const end = await endOf(file, outputLimit);
  await writeFile(file.replace(/\.log$/, '.previous.log'), end).catch(() => undefined);
  await truncate(file).catch(() => undefined);
}

/** The last 4 KiB of text; empty when there is none. */
export async function lastOutput(file: string): Promise<string> {
  return (await endOf(file, tailBytes)).toString('utf8').trim();
}

async function endOf(file: string, bytes: number): Promise<Buffer> {
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return Buffer.alloc(0);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, bytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
