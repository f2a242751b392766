import type { DataConverter } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import type { AuditTools } from '../activities/reconciliation/audit.ts';
import type { CanaryRolloutTools } from '../activities/canary-rollout/index.ts';
import type { Keep } from '../db/prune.ts';

/** Where a worker works. */
export interface WorkerPlace {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly dataConverter: DataConverter;
}

/** What the activities of every queue work with. */
export interface WorkerTools extends CanaryRolloutTools {
  /** null: entries are sealed and no checkpoint is signed. */
  readonly audit: AuditTools | null;
  readonly log: (message: string, fields: Record<string, unknown>) => void;
  readonly keep: Keep;
}
