import type { CanaryRolloutTools } from '../activities/canary-rollout/index.ts';

/** What the activities of every queue work with. */
export interface WorkerTools extends CanaryRolloutTools {
  readonly log: (message: string, fields: Record<string, unknown>) => void;
}
