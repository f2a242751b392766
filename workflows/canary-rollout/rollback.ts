import { CancellationScope, setCurrentDetails } from '@temporalio/workflow';
import type { CanaryRollbackInput } from '../../contracts/canary-rollout.ts';
import { reasonOf } from '../shared/failure.ts';
import { records, safety } from './hands.ts';

export interface CanaryRollbackResult {
  readonly outcome: 'rolled-back' | 'failed';
  readonly summary: string;
}

/** Puts the previous release back while it is still warm: seconds, not a rollout. It cannot be cancelled half way. */
export async function canaryRollback(input: CanaryRollbackInput): Promise<CanaryRollbackResult> {
  return CancellationScope.nonCancellable(async () => {
    setCurrentDetails(`Rolling ${input.service} back from ${input.from} to ${input.to}: ${input.reason}`);
    const result = await swap(input);
    await records.closeOperation({ operationId: input.operationId, ...result });
    setCurrentDetails(result.summary);
    return result;
  });
}

async function swap(input: CanaryRollbackInput): Promise<CanaryRollbackResult> {
  const { operationId, drainDelayMs: drainMs } = input;
  try {
    await records.beginOperation({ operationId });
    const { summary, token } = await safety.swapBack({ operationId, changeId: `${operationId}/swap` });
    await records.recordRollback({ operationId, seq: 1, type: 'rollback.swapped', summary });
    const pair = input.config === undefined ? '' : `; ${await restoreConfig(input)}`;
    const removed = await safety.removeRelease({ operationId, token, drainMs });
    await records.recordRollback({ operationId, seq: 2, type: 'release.removed', summary: removed.summary });
    return { outcome: 'rolled-back', summary: `${summary}${pair}` };
  } catch (error) {
    const summary = `${input.from} still serves: ${reasonOf(error)}`;
    await records.recordRollback({ operationId, seq: 3, type: 'rollback.failed', summary });
    return { outcome: 'failed', summary };
  }
}

/** The other half of the pair, once nothing goes to the version any more. Answers what is told of it, both hashes included. */
async function restoreConfig({ operationId, config }: CanaryRollbackInput): Promise<string> {
  const { summary, hash, release } = await safety.restoreConfig({ operationId });
  const type = hash === null ? 'config.kept' : 'config.restored';
  const detail = { ...config, hash, release };
  await records.recordRollback({ operationId, seq: 4, type, summary, detail });
  return summary;
}
