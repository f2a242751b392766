import { rolloutFacts, type RolloutFacts } from '../../db/canary-rollout/facts.ts';
import { adoptRun, appendEvent, closeOperation } from '../../db/operation-progress.ts';
import { recordedRollout } from '../../db/canary-rollout/recorded.ts';
import { disownProxies } from '../../db/config-rollout/wave.ts';
import { openOperations } from '../../db/reconciliation.ts';
import { startOptions } from '../../workflows/canary-rollout/start-options.ts';
import { createCanaryRolloutActivities } from '../canary-rollout/index.ts';
import { targetOf } from '../canary-rollout/release.ts';
import { runOf } from './run-of.ts';
import type { Sweeper } from './sweeper.ts';

const giveTheApiMs = 3000;

/** A start is a row first: one whose process died before Temporal heard of it is made now. */
export async function startRecorded(sweeper: Sweeper): Promise<number> {
  const waiting = await openOperations(sweeper.db, 'starting', giveTheApiMs);
  return sweeper.each(
    ({ id }) => `start ${id}`,
    waiting,
    ({ id }) => start(sweeper, id),
  );
}

async function start({ db, client }: Sweeper, operationId: string): Promise<void> {
  const row = await recordedRollout(db, operationId);
  if (row === undefined) return;
  const { type, options } = startOptions(row, 'operations');
  // Already started is as good: the first task of the workflow marks the row as running.
  await client.workflow.start(type, options).catch((error: unknown) => {
    if (!(error instanceof Error) || error.name !== 'WorkflowExecutionAlreadyStartedError') throw error;
  });
}

/** Operations whose workflow was terminated, failed, or was reset behind our back. */
export async function repairOperations(sweeper: Sweeper): Promise<number> {
  const running = await openOperations(sweeper.db, 'running', 0);
  const runs = await Promise.all(running.map(async (row) => ({ row, run: await runOf(sweeper, row) })));
  const changed = runs.filter(({ row, run }) => run.runId === null || run.runId !== row.run_id);
  return sweeper.each(
    ({ row }) => `operation ${row.id}`,
    changed,
    async ({ row, run }) => {
      const { runId } = run;
      if (runId === null) await makeSafe(sweeper, row, run.status);
      else await sweeper.db.transaction().execute((tx) => adoptRun(tx, row.id, runId));
    },
  );
}

type OpenOperation = Awaited<ReturnType<typeof openOperations>>[number];

/** The run is dead and cannot undo its own doing: it is undone here, in the same order, and the row says what happened. */
async function makeSafe(sweeper: Sweeper, operation: OpenOperation, how: string): Promise<void> {
  const { db, traffic } = sweeper;
  const operationId = operation.id;
  const facts = await rolloutFacts(db, operationId);
  // It came to its own end between the look at its row and the look at its run.
  if (facts.status === 'closed') return;
  const ended =
    operation.mode === 'rollout' ? await undoRollout(sweeper, facts) : await endRollback(sweeper, facts);
  await traffic.release(targetOf(facts), operationId);
  if (facts.config !== null) await disownProxies(db, operationId);
  const summary = `the workflow was ${how.toLowerCase()} in Temporal; ${ended.summary}`;
  await appendEvent(db, { operationId, type: 'run.lost', summary, detail: { by: 'reconciliation' } });
  await closeOperation(db, operationId, ended.outcome, summary);
}

interface Ended {
  readonly outcome: 'promoted' | 'failed' | 'rolled-back';
  readonly summary: string;
}

async function undoRollout(sweeper: Sweeper, facts: RolloutFacts): Promise<Ended> {
  const { operationId, version, stableVersion } = facts;
  if (facts.currentStable === version) {
    return { outcome: 'promoted', summary: `${version} had been promoted before and serves` };
  }
  const hands = createCanaryRolloutActivities(sweeper);
  const lowering = hands.restoreStable({ operationId, changeId: `${operationId}/safe` });
  const config = await restoreConfig(hands, facts, lowering);
  await hands.removeRelease({ operationId, token: 0, drainMs: 0 });
  return {
    outcome: 'failed',
    summary: `${stableVersion ?? 'nothing'} serves, ${version} is removed${config}`,
  };
}

/** A rollback that has moved requests already is finished; one that has not is left. */
async function endRollback(sweeper: Sweeper, facts: RolloutFacts): Promise<Ended> {
  const { operationId, version, stableVersion } = facts;
  const { split } = await sweeper.traffic.read(targetOf(facts));
  if (split.stable !== stableVersion && facts.currentStable !== stableVersion) {
    return { outcome: 'failed', summary: `${version} still serves, nothing was moved` };
  }
  const hands = createCanaryRolloutActivities(sweeper);
  const swapping = hands.swapBack({ operationId, changeId: `${operationId}/swap` });
  const config = await restoreConfig(hands, facts, swapping);
  await hands.removeRelease({ operationId, token: 0, drainMs: 0 });
  return { outcome: 'rolled-back', summary: `${stableVersion} serves again, ${version} is removed${config}` };
}

/** After the traffic, whether that is proven or not: a configuration may be what is in the way of the proof. */
async function restoreConfig(
  hands: ReturnType<typeof createCanaryRolloutActivities>,
  { operationId, config }: RolloutFacts,
  traffic: Promise<unknown>,
): Promise<string> {
  if (config === null) {
    await traffic;
    return '';
  }
  await traffic.catch(() => undefined);
  const { summary } = await hands.restoreConfig({ operationId });
  await traffic;
  return `; ${summary}`;
}
