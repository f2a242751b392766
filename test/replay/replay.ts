import type { DataConverter } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { listenToCore, takeComplaints } from '../support/rollout-house/core-log.ts';
import type { SavedHistory } from './histories.ts';

export type ReplayBundle = { readonly codePath: string } | { readonly code: string };

/** Replays histories against a bundle; answers what went wrong. A replay can pass while the core says that a task failed: that counts. */
export async function replay(
  bundle: ReplayBundle,
  histories: readonly SavedHistory[],
  dataConverter: DataConverter = {},
): Promise<string[]> {
  listenToCore();
  takeComplaints();
  const named = histories.map(({ name, history }) => ({ workflowId: name, history }));
  const problems: string[] = [];
  const options = { workflowBundle: bundle, replayName: 'gate', dataConverter };
  for await (const result of Worker.runReplayHistories(options, named)) {
    if (result.error !== undefined) problems.push(`${result.workflowId}: ${result.error.message}`);
  }
  return [...problems, ...takeComplaints()];
}
