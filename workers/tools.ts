import type { DataConverter } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import type { AuditTools } from '../activities/reconciliation/audit.ts';
import type { CanaryRolloutTools } from '../activities/canary-rollout/index.ts';
import type { ConfigRolloutTools } from '../activities/config-rollout/index.ts';
import type { FeedbackTools } from '../activities/feedback/index.ts';
import type { ClusteringParts } from './clustering-parts.ts';
import type { Keep } from '../db/prune.ts';

/** Where a worker works. */
export interface WorkerPlace {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly dataConverter: DataConverter;
}
import type { NotificationTools } from '../activities/notification/index.ts';

/** What the activities of the work itself work with. */
export interface WorkerTools extends CanaryRolloutTools, ConfigRolloutTools {
  /** null: entries are sealed and no checkpoint is signed. */
  readonly audit: AuditTools | null;
  readonly log: (message: string, fields: Record<string, unknown>) => void;
  readonly keep: Keep;
  /** Milliseconds to wait after each failed attempt at a notification; left out: ten attempts in three days. */
  readonly notificationWaitsMs?: readonly number[];
  /** Of each queue of a worker; as many as a project may have operations, so that none of those waits for another. */
  readonly slotsPerProject: number;
}

/** What the long activities work with. */
export interface WatchTools extends WorkerTools {
  readonly clusters: ClusteringParts;
}

/** What the activities of every queue work with. */
export interface AllTools extends WatchTools, NotificationTools {
  readonly feedback: FeedbackTools;
}
