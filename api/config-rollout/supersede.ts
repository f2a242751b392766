import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfigRollout, ConfigRolloutState } from '../../contracts/config-rollout.ts';
import { insertCommand, requireCommand } from '../../db/command.ts';
import { requireConfigRollout } from '../../db/config-rollout/find.ts';
import type { NewConfigRollout } from '../../db/config-rollout/start.ts';
import { configRolloutWorkflowId } from '../../domain/config-rollout/workflow-id.ts';
import { OpsError } from '../../domain/errors.ts';
import { deliverCommand } from '../deliver-command.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { newId } from '../new-id.ts';
import { queryState } from '../workflow.ts';

const waitMs = 60_000;
const pollMs = 200;

/**
 * Aborts the running rollout for a newer one and waits until every proxy is back. Throws `timeout` when that takes longer: the abort is
 * durable and goes on, and the same request may be repeated. A rollback is never superseded.
 */
export async function supersedeConfigRollout(
  dependencies: ApiDependencies,
  running: ConfigRollout,
  newer: NewConfigRollout,
): Promise<void> {
  if (running.kind === 'rollback') {
    const why = `a rollback of ${running.environment} runs and is never superseded: ${running.id}; wait for it`;
    throw new OpsError('conflict', why, { operationId: running.id });
  }
  const deadline = Date.now() + waitMs;
  for (let attempt = 1; Date.now() < deadline; attempt += 1) {
    if (await abortFor(dependencies, running, newer, deadline)) return;
  }
  throw new OpsError(
    'timeout',
    `${running.id} is still rolling back for the newer one; repeat the request with the same Idempotency-Key`,
    { operationId: running.id },
  );
}

/** One abort on the state as it is now. Answers true once the rollout is closed, false when the abort came on an older state. */
async function abortFor(
  dependencies: ApiDependencies,
  running: ConfigRollout,
  newer: NewConfigRollout,
  deadline: number,
): Promise<boolean> {
  const { db } = dependencies;
  const { id: operationId, project, environment } = running;
  const workflowId = configRolloutWorkflowId(project, environment);
  const live = await queryState<ConfigRolloutState>(await dependencies.temporal(), workflowId);
  const { revision } = live ?? running.state;
  const commandId = newId();
  const isWritten = await insertCommand(db, {
    ...{ id: commandId, operationId, project, target: environment, kind: 'abort' },
    capability: 'config-rollout',
    body: { revision, cause: 'superseded', reason: `superseded by ${newer.operationId}` },
    principal: newer.principal,
    key: `supersede/${newer.key}/${commandId}`,
    fingerprint: newer.fingerprint,
  });
  if (isWritten) await deliverCommand(dependencies, { workflowId, commandId, limitMs: 5000 });
  while (Date.now() < deadline) {
    if ((await requireConfigRollout(db, project, operationId)).status === 'closed') return true;
    const isRefused =
      isWritten && (await requireCommand(db, project, operationId, commandId)).state === 'refused';
    if (isRefused) return sleep(pollMs, false);
    await sleep(pollMs);
  }
  return false;
}
