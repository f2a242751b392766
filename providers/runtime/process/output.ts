import { copyFile, open, stat, truncate } from 'node:fs/promises';

const outputLimit = 4 * 1024 * 1024;
const tailBytes = 4096;

/** Keeps an output file from filling the disk: what it holds becomes `.previous`. The writer appends, so it goes on at the start. */
export async function boundOutput(file: string): Promise<void> {
  const size = await stat(file).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size <= outputLimit) return;
  await copyFile(file, file.replace(/\.log$/, '.previous.log')).catch(() => undefined);
  await truncate(file).catch(() => undefined);
}

/** The last 4 KiB of text; empty when there is none. */
export async function lastOutput(file: string): Promise<string> {
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return '';
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, tailBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead).toString('utf8').trim();
  } finally {
    await handle.close();
  }
}
