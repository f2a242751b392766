import { cancellationSignal, getClient, heartbeat, sleep } from '@temporalio/activity';
import type { Db } from '../db/connect.ts';
import type { Probe } from '../providers/probe/probe.ts';
import type { Runtime } from '../providers/runtime/runtime.ts';
import type { Traffic } from '../providers/traffic/traffic.ts';
import { announceDecisions, deliverCommands } from './reconciliation/messages.ts';
import { keepReleases, retireReleases } from './reconciliation/releases.ts';
import { repairOperations, startRecorded } from './reconciliation/operations.ts';
import { pruneOldRows } from '../db/prune.ts';

export interface ReconciliationTools {
  readonly db: Db;
  readonly traffic: Traffic;
  readonly runtimes: Readonly<Record<'process' | 'docker', Runtime>>;
  readonly probe: Probe;
  readonly log: (message: string, fields: Record<string, unknown>) => void;
  /** Milliseconds between two rounds. */
  readonly everyMs: number;
}

export function createReconciliationActivities(tools: ReconciliationTools) {
  /** Goes round for `forMs`: each part looks at rows that say something should be and makes it so. Heartbeats every round. */
  async function sweep({ forMs }: { forMs: number }): Promise<{ note: string }> {
    const until = Date.now() + forMs;
    let mended = 0;
    for (let round = 0; Date.now() < until && !cancellationSignal().aborted; round += 1) {
      for (const part of parts) mended += await attempt(tools, part);
      if (round % 60 === 0) await pruneOldRows(tools.db).catch(() => undefined);
      heartbeat({ round, mended });
      await sleep(tools.everyMs);
    }
    return { note: `last sweep ended ${new Date().toISOString()}; ${mended} things put right in it` };
  }

  return { sweep };
}

export type ReconciliationActivities = ReturnType<typeof createReconciliationActivities>;

const parts = [
  startRecorded,
  deliverCommands,
  announceDecisions,
  repairOperations,
  keepReleases,
  retireReleases,
];

/** One part that fails must not keep the others from their work. */
async function attempt(tools: ReconciliationTools, part: (typeof parts)[number]): Promise<number> {
  try {
    return await part(tools, getClient());
  } catch (error) {
    tools.log('a part of the sweep failed', { part: part.name, error: String(error) });
    return 0;
  }
}
