import { configRolloutFacts, type ConfigRolloutFacts } from '../../db/config-rollout/facts.ts';
import { findOrder } from '../../db/config-rollout/order.ts';
import { isSettled } from '../../db/config-rollout/settle.ts';
import { disownProxies, orderWave, orderWaveBack, ownProxies } from '../../db/config-rollout/wave.ts';
import { adoptRun, appendEvent, closeOperation } from '../../db/operation-progress.ts';
import { openConfigRollouts } from '../../db/reconciliation.ts';
import { configStartOptions } from '../../workflows/config-rollout/start-options.ts';
import { runOf } from './run-of.ts';
import type { Sweeper } from './sweeper.ts';

const giveTheApiMs = 3000;

/** A start is a row first: one whose process died before Temporal heard of it is made now. */
export async function startConfigRollouts(sweeper: Sweeper): Promise<number> {
  const waiting = await openConfigRollouts(sweeper.db, 'starting', giveTheApiMs);
  return sweeper.each(
    ({ id }) => `start ${id}`,
    waiting,
    async ({ id }) => {
      const { type, options } = configStartOptions(await configRolloutFacts(sweeper.db, id), 'operations');
      // Already started is as good: the first task of the workflow marks the row as running.
      await sweeper.client.workflow.start(type, options).catch((error: unknown) => {
        if (!(error instanceof Error) || error.name !== 'WorkflowExecutionAlreadyStartedError') throw error;
      });
    },
  );
}

/** Rollouts whose workflow was terminated, failed, or was reset behind our back. */
export async function repairConfigRollouts(sweeper: Sweeper): Promise<number> {
  const running = await openConfigRollouts(sweeper.db, 'running', 0);
  const runs = await Promise.all(running.map(async (row) => ({ row, run: await runOf(sweeper, row) })));
  const changed = runs.filter(({ row, run }) => run.runId === null || run.runId !== row.run_id);
  return sweeper.each(
    ({ row }) => `operation ${row.id}`,
    changed,
    async ({ row, run }) => {
      const { runId } = run;
      if (runId === null) await makeSafe(sweeper, row.id, run.status);
      else await sweeper.db.transaction().execute((tx) => adoptRun(tx, row.id, runId));
    },
  );
}

/** The run is dead and cannot undo its own doing: it is undone here, and the row says what happened. */
async function makeSafe({ db }: Sweeper, operationId: string, how: string): Promise<void> {
  const facts = await configRolloutFacts(db, operationId);
  // It came to its own end between the look at its row and the look at its run.
  if (facts.status === 'closed') return;
  const { outcome, summary: done } = await undo(db, facts);
  await disownProxies(db, operationId);
  const summary = `the workflow was ${how.toLowerCase()} in Temporal; ${done}`;
  await appendEvent(db, { operationId, type: 'run.lost', summary, detail: { by: 'reconciliation' } });
  await closeOperation(db, operationId, outcome, summary);
}

interface Undone {
  readonly outcome: 'completed' | 'failed';
  readonly summary: string;
}

/** Nobody would judge the waves that have it: all go back. A rollback is finished instead. */
async function undo(db: Sweeper['db'], facts: ConfigRolloutFacts): Promise<Undone> {
  const { operationId, mode, plan } = facts;
  if (await isSettled(db, facts))
    return { outcome: 'completed', summary: 'the environment had settled on it before' };
  if (mode === 'rollback') {
    await ownProxies(db, operationId);
    for (const wave of plan.waves.keys()) await orderWave(db, { operationId, wave });
    return { outcome: 'failed', summary: 'every proxy is ordered back; nobody has waited for the proof' };
  }
  if ((await findOrder(db, operationId, 'forth')) === null)
    return { outcome: 'failed', summary: 'no proxy was touched' };
  for (const wave of [...plan.waves.keys()].reverse()) await orderWaveBack(db, { operationId, wave });
  return { outcome: 'failed', summary: 'every wave is ordered back; nobody has waited for the proof' };
}
