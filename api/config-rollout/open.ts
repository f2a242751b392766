import type { ConfigRollout } from '../../contracts/config-rollout.ts';
import {
  findConfigRollout,
  findOpenConfigRollout,
  requireConfigRollout,
} from '../../db/config-rollout/find.ts';
import { insertConfigRollout, type NewConfigRollout } from '../../db/config-rollout/start.ts';
import { findResource } from '../../db/idempotency.ts';
import { OpsError } from '../../domain/errors.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { refuseBeyondQuota } from '../operations-quota.ts';
import { ensureConfigStarted } from './ensure-started.ts';
import { supersedeConfigRollout } from './supersede.ts';

/** Writes a rollout and starts it. The same request again answers the first one, also after it has closed. */
export async function openConfigRollout(
  dependencies: ApiDependencies,
  rollout: NewConfigRollout,
  mayAbortOther: boolean,
): Promise<ConfigRollout> {
  const { db } = dependencies;
  const { project, environment, operationId } = rollout;
  let refusal = await insertConfigRollout(db, rollout);
  if (refusal === 'held' && mayAbortOther) {
    const running = await findOpenConfigRollout(db, project, environment);
    if (running !== null) await supersedeConfigRollout(dependencies, running, rollout);
    // Whatever was in the way is gone by now; a second refusal is told, not tried for ever.
    refusal = await insertConfigRollout(db, rollout);
  }
  switch (refusal) {
    case null: {
      const started = await requireConfigRollout(db, project, operationId);
      await ensureConfigStarted(dependencies, started);
      return started;
    }
    case 'repeated':
      return answerAgain(dependencies, rollout);
    case 'quota':
      await refuseBeyondQuota(dependencies, project);
      throw changed(environment);
    case 'held':
      throw (await holds(dependencies, rollout)) ?? changed(environment);
  }
}

async function answerAgain(dependencies: ApiDependencies, rollout: NewConfigRollout): Promise<ConfigRollout> {
  const { db } = dependencies;
  const earlier = await findResource(db, rollout);
  const found = earlier === null ? null : await findConfigRollout(db, rollout.project, earlier);
  if (found === null) throw new OpsError('not-found', `what this Idempotency-Key made is gone`);
  const isForgotten = found.status === 'starting' && Date.now() - Date.parse(found.createdAt) > 2000;
  if (isForgotten) await ensureConfigStarted(dependencies, found);
  return found;
}

async function holds({ db }: ApiDependencies, { project, environment }: NewConfigRollout) {
  const running = await findOpenConfigRollout(db, project, environment);
  if (running === null) return null;
  const remedy =
    running.kind === 'rollback' ? 'wait for it' : 'abort it, or repeat with supersede: true (--supersede)';
  const why = `a ${running.kind} to ${running.revision.slice(0, 12)} holds ${environment}: ${running.id}; ${remedy}`;
  return new OpsError('conflict', why, { operationId: running.id });
}

function changed(environment: string): OpsError {
  return new OpsError(
    'conflict',
    `the state of ${environment} changed in this moment; repeat the request with the same Idempotency-Key`,
  );
}
