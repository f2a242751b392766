import type { AuditTools } from '../activities/reconciliation/audit.ts';
import type { CanaryRolloutTools } from '../activities/canary-rollout/index.ts';

/** What the activities of every queue work with. */
export interface WorkerTools extends CanaryRolloutTools {
  /** null: entries are sealed and no checkpoint is signed. */
  readonly audit: AuditTools | null;
  readonly log: (message: string, fields: Record<string, unknown>) => void;
}
