import { CancellationScope, sleep } from '@temporalio/workflow';
import { shortRevision } from '../../domain/config-rollout/texts.ts';
import { codeOf, reasonOf } from '../shared/failure.ts';
import { abortable } from './attention.ts';
import { forward, safety } from './hands.ts';
import { enter, tell, type Ending, type Run } from './run.ts';

/**
 * Brings the configuration that the version comes with to the proxy of the service, before the first request goes to the version.
 * Answers how the rollout has to end when it is not taken, or null.
 */
export async function bringConfig(run: Run): Promise<Ending | null> {
  const { operationId, config, plan } = run.input;
  if (config === undefined) return null;
  enter(run, 'configuring');
  await abortable(run, () => forward.takeConfig({ operationId }));
  const refusal = await validate(run);
  if (refusal !== null) return notTaken(config.revision, refusal);
  const brought = await abortable(run, () =>
    forward.bringConfig({ operationId, verifyMs: plan.timeouts.verifyMs }),
  );
  if (brought.kind === 'not-taken') return notTaken(config.revision, brought.reason);
  const { summary, hash, release } = brought;
  run.state = { ...run.state, configHash: hash };
  await tell(run, 'config.proven', summary, { ...config, hash, release });
  return null;
}

/** Why it is not valid, or null. */
async function validate(run: Run): Promise<string | null> {
  const { operationId } = run.input;
  try {
    const { summary } = await abortable(run, () => forward.validateReleaseConfig({ operationId }));
    await tell(run, 'config.validated', summary);
    return null;
  } catch (error) {
    if (codeOf(error) === 'invalid-input') return reasonOf(error);
    throw error;
  }
}

function notTaken(revision: string, why: string): Ending {
  return {
    outcome: 'rolled-back',
    reason: `the configuration ${shortRevision(revision)} was not taken: ${why}`,
  };
}

/** What ran before, proven, once the canary is off. */
export async function restoreConfig(run: Run): Promise<void> {
  const { operationId, config } = run.input;
  const { summary, hash, release } = await safety.restoreConfig({ operationId });
  if (hash !== null) run.state = { ...run.state, configHash: hash };
  if (hash !== null) run.restored = summary;
  await tell(run, hash === null ? 'config.kept' : 'config.restored', summary, { ...config, hash, release });
}

/**
 * Waits for the canary to be proven off, at most for the time the plan gives a proof. Under a configuration that lets nothing be proven
 * that would be for ever: it goes back all the same, the canary's weight is 0 in what the proxy is told, and the proof comes after it.
 */
export async function patiently(run: Run, lowering: Promise<void>): Promise<void> {
  const patience = new CancellationScope();
  const over = patience.run(() =>
    sleep(run.input.plan.timeouts.verifyMs, {
      summary: 'longest time for the proof before the configuration goes back',
    }),
  );
  await Promise.race([lowering, over]);
  patience.cancel();
  await over.catch(() => undefined);
}
