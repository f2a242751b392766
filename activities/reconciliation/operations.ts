import type { Client } from '@temporalio/client';
import { rolloutFacts } from '../../db/canary-rollout/facts.ts';
import { closeOperation, recordEvent } from '../../db/canary-rollout/progress.ts';
import { saveInstances } from '../../db/canary-rollout/release.ts';
import { nextSeq, openOperations, orphanTargets, setRunId } from '../../db/reconciliation.ts';
import { safeServers } from '../../domain/safe-split.ts';
import { recordedRollout } from '../../db/canary-rollout/recorded.ts';
import { startOptions } from '../../workflows/canary-rollout/start-options.ts';
import { instanceIds, targetOf } from '../canary-rollout/release.ts';
import { splitOf } from '../canary-rollout/split.ts';
import type { ReconciliationTools } from '../reconciliation.ts';
import { isGone } from './gone.ts';

/** A start is a row first: one whose process died before Temporal heard of it is made now. */
export async function startRecorded({ db }: ReconciliationTools, client: Client): Promise<number> {
  const waiting = await openOperations(db, 'starting', 3000);
  for (const { id } of waiting) {
    const row = await recordedRollout(db, id);
    if (row === undefined) continue;
    const { type, options } = startOptions(row, 'operations');
    // Already started is as good: the first task of the workflow marks the row as running.
    await client.workflow.start(type, options).catch((error: unknown) => {
      if (!(error instanceof Error) || error.name !== 'WorkflowExecutionAlreadyStartedError') throw error;
    });
  }
  return waiting.length;
}

/** Operations whose workflow was terminated, failed, or was reset behind our back. */
export async function repairOperations(tools: ReconciliationTools, client: Client): Promise<number> {
  let repaired = 0;
  for (const operation of await openOperations(tools.db, 'running', 0)) {
    const run = await describe(client, operation.workflow_id);
    if (run !== null && run.status === 'RUNNING') {
      if (run.runId === operation.run_id) continue;
      await setRunId(tools.db, operation.id, run.runId);
      await note(
        tools,
        operation.id,
        'run.reset',
        'the run was reset in Temporal; it goes on from an earlier point',
      );
    } else {
      await makeSafe(tools, operation.id, run?.status ?? 'not to be found');
    }
    repaired += 1;
  }
  for (const target of await orphanTargets(tools.db)) {
    const owner = target.owner ?? '';
    await tools.traffic.restore(target, owner, `${owner}/orphan`, {
      servers: safeServers(target.split.servers, target.split.stable, target.split.canary),
      stable: target.split.stable,
      canary: null,
      leaseMs: null,
    });
    await tools.traffic.release(target, owner);
    repaired += 1;
  }
  return repaired;
}

async function describe(
  client: Client,
  workflowId: string,
): Promise<{ status: string; runId: string } | null> {
  try {
    const { status, runId } = await client.workflow.getHandle(workflowId).describe();
    return { status: status.name, runId };
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** The run is dead and cannot undo its own doing: canary to 0, proven, then removed; the row says what happened. */
async function makeSafe(tools: ReconciliationTools, operationId: string, how: string): Promise<void> {
  const { db, traffic, runtimes } = tools;
  const facts = await rolloutFacts(db, operationId);
  const target = targetOf(facts);
  const state = await traffic.read(target);
  const promoted = facts.currentStable === facts.version;
  if (state.owner === operationId && !promoted) {
    const { token } = await traffic.restore(target, operationId, `${operationId}/safe`, splitOf(facts, 0));
    const signal = AbortSignal.timeout(15_000);
    await traffic.verify(target, token, { timeoutMs: 15_000, signal, onProgress: () => undefined });
    const split = splitOf({ ...facts, canary: null }, 0);
    const change = { target, owner: operationId, token, changeId: `${operationId}/safe-remove`, split };
    const removed = await traffic.setSplit(change);
    await traffic.verify(target, removed.token, {
      timeoutMs: 15_000,
      signal: AbortSignal.timeout(15_000),
      onProgress: () => undefined,
    });
  }
  if (!promoted) {
    for (const id of instanceIds(facts)) await runtimes[facts.canary.start.runtime].stop(id, 10_000);
    await saveInstances(db, facts, []);
  }
  await traffic.release(target, operationId);
  const summary = `the workflow was ${how.toLowerCase()} in Temporal; ${facts.stableVersion ?? 'nothing'} serves, ${facts.version} is removed`;
  await note(
    tools,
    operationId,
    'run.lost',
    promoted ? `the workflow was ${how.toLowerCase()} after the promotion` : summary,
  );
  await closeOperation(db, operationId, promoted ? 'promoted' : 'failed', summary);
}

async function note(
  { db }: ReconciliationTools,
  operationId: string,
  type: string,
  summary: string,
): Promise<void> {
  const seq = await nextSeq(db, operationId);
  await recordEvent(db, { operationId, seq, type, summary, detail: { by: 'reconciliation' } }, null);
}
