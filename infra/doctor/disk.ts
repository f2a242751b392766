import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { healthy, wrong, type Finding } from './finding.ts';

const mebi = 1024 * 1024;

/** Postgres and Temporal stop on a full disk, and need room for their logs to recover. */
export async function checkDisk(home: string, leastMiB = 512): Promise<Finding> {
  const { bavail, bsize } = await statfsAbove(home);
  const freeMiB = Math.floor((bavail * bsize) / mebi);
  if (freeMiB >= leastMiB) return healthy('disk');
  return wrong(
    'disk',
    `${home} has ${freeMiB} MiB left; the stack needs ${leastMiB}`,
    'free some space, or set HOLDFAST_HOME to a folder on a larger disk',
  );
}

/** The folder may not be made yet: then the disk of the nearest one above counts. */
async function statfsAbove(folder: string): Promise<{ bavail: number; bsize: number }> {
  try {
    return await statfs(folder);
  } catch (error) {
    if (folder === dirname(folder)) throw error;
    return statfsAbove(dirname(folder));
  }
}
