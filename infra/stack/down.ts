import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Config } from '../../config.ts';
import { endProcesses } from '../process/end.ts';
import { OpsError } from '../../domain/errors.ts';
import { haltContainers } from '../../providers/runtime/docker/halt.ts';
import { proofSocket } from '../../proxy-agent/config-bundle/proof.ts';
import { isSupervised, readStackRecord, removeStackRecord } from './record.ts';
import { endEverything, remainingProcesses } from './survivors.ts';

/** The supervisor ends its parts one after the other, each with a grace of its own. */
const supervisorGraceMs = 60_000;
const containerGraceMs = 10_000;

/**
 * Ends the stack and the instances of releases, in order, and leaves no process, port, socket or lock; the data stays.
 * Answers false when nothing was running. Idempotent.
 */
export async function bringDown(config: Config): Promise<boolean> {
  const record = await readStackRecord(config.home);
  const wasRunning = remainingProcesses(config.home).length > 0;
  if (record !== null && isSupervised(record))
    await endProcesses([record.supervisor], { graceMs: supervisorGraceMs });
  await endEverything(config.home);
  await haltContainers(config.home, config.docker.host, containerGraceMs).catch(ignoreMissingEngine);
  await removeSockets(config);
  await removeStackRecord(config.home);
  return wasRunning;
}

/** A HAProxy that is killed leaves its own behind: that of the stack, and those of others whose folders are in the home. */
async function removeSockets({ home, haproxy }: Config): Promise<void> {
  const entries = await readdir(home, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(home, name));
  const others = folders.map((folder) => join(folder, basename(haproxy.socket)));
  for (const socket of [haproxy.socket, ...others]) {
    const master = join(dirname(socket), basename(haproxy.masterSocket));
    for (const path of [socket, master, proofSocket({ socket })]) await rm(path, { force: true });
  }
  await rm(haproxy.masterSocket, { force: true });
}

/** Without an engine no container of ours runs. */
function ignoreMissingEngine(error: unknown): void {
  if (!(error instanceof OpsError) || error.code !== 'unavailable') throw error;
}
