import { cancellationSignal, getClient, heartbeat } from '@temporalio/activity';
import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from '../db/connect.ts';
import { pruneOldRows, type Keep } from '../db/prune.ts';
import type { Probe } from '../providers/probe/probe.ts';
import type { Runtime } from '../providers/runtime/runtime.ts';
import type { Traffic } from '../providers/traffic/traffic.ts';
import { keepSchedules } from './reconciliation/schedules.ts';
import { archiveHistories } from './reconciliation/archive.ts';
import { publishCheckpoints, sealAudit, type AuditTools } from './reconciliation/audit.ts';
import { wakeClusterings } from './reconciliation/clusterings.ts';
import { repairConfigRollouts, startConfigRollouts } from './reconciliation/config-rollouts.ts';
import { startDeliveries } from './reconciliation/deliveries.ts';
import { announceDecisions, deliverCommands } from './reconciliation/messages.ts';
import { repairOperations, startRecorded } from './reconciliation/operations.ts';
import { stopOrphans } from './reconciliation/orphans.ts';
import { keepReleases, retireReleases } from './reconciliation/releases.ts';
import { repairTargets } from './reconciliation/targets.ts';
import { createTroubles, type Sweeper } from './reconciliation/sweeper.ts';

export interface ReconciliationTools {
  readonly db: Db;
  readonly traffic: Traffic;
  readonly runtimes: Readonly<Record<'process' | 'docker', Runtime>>;
  readonly probe: Probe;
  readonly audit: AuditTools | null;
  readonly log: (message: string, fields: Record<string, unknown>) => void;
  readonly keep: Keep;
  /** Ids that sort by time. */
  readonly newId: () => string;
  /** Milliseconds between two rounds. */
  readonly everyMs: number;
  /** Milliseconds to wait after each failed attempt at a notification; left out: ten attempts in three days. */
  readonly notificationWaitsMs?: readonly number[];
}

/** Each part has a round of its own, so that one that waits for a silent proxy keeps no other from its work. */
const parts = [
  startRecorded,
  deliverCommands,
  announceDecisions,
  repairOperations,
  startConfigRollouts,
  repairConfigRollouts,
  repairTargets,
  keepReleases,
  retireReleases,
  startDeliveries,
  wakeClusterings,
  stopOrphans,
  archiveHistories,
  sealAudit,
  publishCheckpoints,
];

const beatMs = 2000;
const pruneEveryMs = 120_000;
const schedulesEveryMs = 10_000;

export function createReconciliationActivities(tools: ReconciliationTools) {
  const troubles = createTroubles(tools.log);

  /** Goes round for `forMs`: each part looks at rows that say something should be and makes it so. */
  async function sweep({ forMs }: { forMs: number }): Promise<{ note: string }> {
    const until = Date.now() + forMs;
    const sweeper: Sweeper = { ...tools, ...troubles, client: getClient() };
    let mended = 0;
    const beating = setInterval(() => heartbeat({ mended }), beatMs);
    try {
      const rounds = parts.map((part) =>
        goRound(until, tools.everyMs, async () => void (mended += await part(sweeper))),
      );
      const pruning = goRound(until, pruneEveryMs, () => pruneOldRows(tools.db, tools.keep));
      const scheduling = goRound(until, schedulesEveryMs, () => keepSchedules(sweeper));
      await Promise.all([...rounds, pruning, scheduling]);
    } finally {
      clearInterval(beating);
    }
    return { note: `last sweep ended ${new Date().toISOString()}; ${mended} things put right in it` };
  }

  async function goRound(until: number, everyMs: number, round: () => Promise<unknown>): Promise<void> {
    const signal = cancellationSignal();
    while (Date.now() < until && !signal.aborted) {
      await troubles.tell(`sweep ${round.name}`, round);
      const pause = Math.min(everyMs, Math.max(0, until - Date.now()));
      await delay(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  return { sweep };
}

export type ReconciliationActivities = ReturnType<typeof createReconciliationActivities>;
