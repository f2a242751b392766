import { CancellationScope, setCurrentDetails } from '@temporalio/workflow';
import type { CanaryRollbackInput } from '../../contracts/canary-rollout.ts';
import { records, safety } from './hands.ts';

/** Puts the previous release back while it is still warm: seconds, not a rollout. It cannot be cancelled half way. */
export async function canaryRollback(
  input: CanaryRollbackInput,
): Promise<{ outcome: 'rolled-back'; summary: string }> {
  const { operationId, from, to, drainDelayMs: drainMs } = input;
  return CancellationScope.nonCancellable(async () => {
    setCurrentDetails(`Rolling ${input.service} back from ${from} to ${to}: ${input.reason}`);
    await records.beginOperation({ operationId });
    const { summary, token } = await safety.swapBack({ operationId, changeId: `${operationId}/swap` });
    await records.recordRollback({ operationId, seq: 1, type: 'rollback.swapped', summary });
    const removed = await safety.removeRelease({ operationId, token, drainMs });
    await records.recordRollback({ operationId, seq: 2, type: 'release.removed', summary: removed.summary });
    await records.closeOperation({ operationId, outcome: 'rolled-back', summary });
    setCurrentDetails(summary);
    return { outcome: 'rolled-back', summary };
  });
}
