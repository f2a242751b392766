/** The bundle's entry: every workflow by the name it is started with. */
export { canaryRollback } from './canary-rollout/rollback.ts';
export { canaryRollout } from './canary-rollout/rollout.ts';
export { configRollout } from './config-rollout/rollout.ts';
export { feedbackClustering } from './feedback-clustering/clustering.ts';
export { feedbackSync } from './feedback/sync.ts';
export { notification } from './notification/notification.ts';
export { reconciliation } from './reconciliation.ts';
