import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../new-id.ts';
import type { CanaryRollout, CanaryRolloutState } from '../../contracts/canary-rollout.ts';
import { requireRollout } from '../../db/canary-rollout/find.ts';
import type { NewRollout } from '../../db/canary-rollout/start.ts';
import { insertCommand, requireCommand } from '../../db/command.ts';
import { canaryRolloutWorkflowId } from '../../domain/canary-rollout/workflow-id.ts';
import { OpsError } from '../../domain/errors.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { deliverCommand } from '../deliver-command.ts';
import { queryState } from '../workflow.ts';

const waitMs = 30_000;
const pollMs = 200;

/**
 * Aborts the running rollout for a newer one and waits until it has closed, its traffic back on stable. Throws `timeout` when
 * that takes longer: the abort is durable and goes on, and the same request may be repeated.
 */
export async function supersede(
  dependencies: ApiDependencies,
  running: CanaryRollout,
  newer: NewRollout,
): Promise<void> {
  if (running.kind === 'rollback') {
    throw new OpsError(
      'conflict',
      `a rollback to ${running.stableVersion ?? ''} runs and is never superseded: ${running.id}`,
      {
        operationId: running.id,
      },
    );
  }
  const deadline = Date.now() + waitMs;
  for (let attempt = 1; Date.now() < deadline; attempt += 1) {
    if (await abortFor(dependencies, running, newer, attempt, deadline)) return;
  }
  throw new OpsError(
    'timeout',
    `${running.id} is still rolling back for ${newer.version}; repeat the request with the same Idempotency-Key`,
    { operationId: running.id },
  );
}

/** One abort on the state as it is now. Answers true once the rollout is closed, false when the abort came on an older state. */
async function abortFor(
  dependencies: ApiDependencies,
  running: CanaryRollout,
  newer: NewRollout,
  attempt: number,
  deadline: number,
): Promise<boolean> {
  const { db } = dependencies;
  const { id: operationId, project, service } = running;
  const workflowId = canaryRolloutWorkflowId(project, service);
  const state =
    (await queryState<CanaryRolloutState>(await dependencies.temporal(), workflowId)) ?? running.state;
  const commandId = newId();
  const isWritten = await insertCommand(db, {
    id: commandId,
    operationId,
    project,
    target: service,
    kind: 'abort',
    body: {
      revision: state.revision,
      step: state.step,
      cause: 'superseded',
      reason: `superseded by ${newer.version}`,
    },
    principal: newer.principal,
    key: `supersede/${newer.key}/${attempt}/${commandId}`,
    fingerprint: newer.fingerprint,
  });
  if (isWritten) await deliverCommand(dependencies, { workflowId, commandId, limitMs: 5000 });
  while (Date.now() < deadline) {
    if ((await requireRollout(db, project, operationId)).status === 'closed') return true;
    if (isWritten && (await requireCommand(db, project, operationId, commandId)).state === 'refused')
      return false;
    await sleep(pollMs);
  }
  return false;
}
