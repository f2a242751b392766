import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../config.ts';
import { OpsError } from '../../domain/errors.ts';
import { cachedTemporal, findTemporal } from '../temporal/binary.ts';
import { temporalVersion } from '../temporal/version.ts';
import { downloadTemporal } from './temporal-download.ts';
import { say } from './say.ts';

/** Leaves the pinned Temporal CLI in the cache unless it is already there: the vendor's download, else built by Go. */
export async function bringTemporal(config: Config): Promise<void> {
  if ((await findTemporal({ cache: config.cache, binary: config.temporal.binary })) !== null) return;
  const version = await temporalVersion();
  const target = cachedTemporal(config.cache, version);
  await mkdir(dirname(target), { recursive: true });
  if (await downloadTemporal(version, target)) return say(`fetched Temporal ${version}`);
  await buildAlone(target, version);
}

/** Two set-ups at once build once: the second waits for the lock and finds the binary. */
async function buildAlone(target: string, version: string): Promise<void> {
  const script = fileURLToPath(new URL('temporal-build.ts', import.meta.url));
  const child = spawn('flock', [`${target}.lock`, process.execPath, script, target, version], {
    stdio: ['ignore', 2, 2],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) {
    throw new OpsError(
      'unavailable',
      `Temporal ${version} could not be built; see above, or set HOLDFAST_TEMPORAL_BIN`,
    );
  }
}
