import { rmSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { loadConfig } from '../../config.ts';
import { findProcesses, workingFolderOf } from '../../infra/process/proc.ts';
import { startPostgres } from '../../infra/postgres/server.ts';
import { temporalBinary } from '../../infra/temporal/binary.ts';
import { startTemporal } from '../../infra/temporal/server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a database of the run's PostgreSQL; files make their own by test/support/postgres.ts. */
    postgresUrl: string;
    temporal: { address: string; namespace: string; binary: string };
    /** true in `make test-long`. */
    long: boolean;
  }
}

/** One PostgreSQL and one Temporal server for the whole run; both in a folder that goes with it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const config = loadConfig(process.env);
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  await chmod(folder, 0o711);
  // A signal ends vitest without its teardown.
  const atExit = (): void => endNow(folder);
  process.once('exit', atExit);
  const binary = await temporalBinary({ cache: config.cache, binary: config.temporal.binary });
  const started = await Promise.allSettled([
    startPostgres(join(folder, 'postgres')),
    startTemporal(binary, { folder }),
  ]);
  const stop = async (): Promise<void> => {
    await Promise.all(
      started.map((part) => (part.status === 'fulfilled' ? part.value.stop() : Promise.resolve())),
    );
    await rm(folder, { recursive: true, force: true });
  };
  const [postgres, temporal] = started;
  if (postgres.status === 'rejected' || temporal.status === 'rejected') {
    await stop();
    throw started.find((part) => part.status === 'rejected')?.reason;
  }
  const { address, namespace } = temporal.value;
  project.provide('postgresUrl', postgres.value.url);
  project.provide('temporal', { address, namespace, binary });
  return () => stop().finally(() => process.off('exit', atExit));
}

/** Everything of the run works somewhere in its folder. */
function endNow(folder: string): void {
  const isOurs = (pid: number): boolean => workingFolderOf(pid)?.startsWith(folder) ?? false;
  for (const { pid } of findProcesses(isOurs)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
