import { setTimeout as sleep } from 'node:timers/promises';
import { OpsError } from '../domain/errors.ts';
import { takeSnapshot } from './snapshot.ts';
import { socketAt } from './socket.ts';

const reloadTimeoutMs = 10_000;
const lookMs = 50;

/**
 * Reloads through the master and waits until another worker answers on the runtime socket. The signal alone would not do: a second
 * one in quick succession is lost, and 2.6 says nothing about a reload that failed. Throws `unavailable`, or `start-failed` when
 * the old worker goes on.
 */
export async function reloadHaproxy(
  masterSocket: string,
  socket: string,
): Promise<{ pid: number; ms: number }> {
  const master = socketAt(masterSocket);
  const before = (await takeSnapshot(socketAt(socket))).pid;
  await showProc(master);
  const startedAt = performance.now();
  // The connection dies with the reload, so how it ends tells nothing.
  await master('reload').catch(() => undefined);
  while (performance.now() - startedAt < reloadTimeoutMs) {
    await sleep(lookMs);
    const now = await takeSnapshot(socketAt(socket)).catch(() => null);
    if (now && now.pid !== before) return { pid: now.pid, ms: Math.round(performance.now() - startedAt) };
    const failed = await showProc(master).catch(() => 0);
    if (failed > 0) break;
  }
  throw new OpsError(
    'start-failed',
    `HAProxy did not reload: worker ${before} goes on with the older configuration; see its log`,
  );
}

/** How many reloads failed one after the other. */
async function showProc(master: (line: string) => Promise<string>): Promise<number> {
  const answer = await master('show proc');
  if (!answer.includes('master'))
    throw new OpsError('unavailable', 'the master socket shows no master process');
  return Number(/\[failed: (\d+)\]/.exec(answer)?.[1] ?? 0);
}
