import { ConfigRollout, StartConfigRollout } from '../../contracts/config-rollout.ts';
import { ref } from '../../contracts/common.ts';
import { environmentSettings } from '../../db/config-rollout/settings.ts';
import type { NewConfigRollout } from '../../db/config-rollout/start.ts';
import { freezePlan } from '../../domain/config-rollout/plan.ts';
import { planProblems } from '../../domain/config-rollout/plan-problems.ts';
import { OpsError } from '../../domain/errors.ts';
import { defaultOperationsPerProject } from '../../db/operation-slots.ts';
import { refuseUnknownWaveGroups } from '../approval/require-groups.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf, type IdempotentRequest } from '../idempotency.ts';
import { newId } from '../new-id.ts';
import { PostHeaders, problems, ProjectParams } from '../schemas.ts';
import { openConfigRollout } from './open.ts';

/** POST config-rollouts: the rows first, in one transaction, then the workflow. */
export function registerConfigStart(app: App, dependencies: ApiDependencies): void {
  app.post(
    '/config-rollouts',
    {
      config: { needs: 'config-rollout:start' },
      schema: {
        tags: ['config-rollouts'],
        summary: 'Bring the proxies of an environment to a revision, wave by wave',
        params: ProjectParams,
        headers: PostHeaders,
        body: ref(StartConfigRollout),
        response: { 202: ref(ConfigRollout), ...problems },
      },
    },
    async (request, reply) => {
      const { project } = request.params;
      const { body } = request;
      refuseIncomplete(body);
      if (body.plan) await refuseUnknownWaveGroups(dependencies.db, project, body.plan, '/plan');
      const rollout = await newRollout(dependencies, project, body, {
        principal: principalOf(request),
        ...idempotencyOf(request),
      });
      const started = await openConfigRollout(dependencies, rollout, body.supersede === true);
      request.log.info({ operationId: started.id }, 'config rollout started');
      return reply
        .code(202)
        .header('location', `/v1/projects/${project}/config-rollouts/${started.id}`)
        .send(started);
    },
  );
}

async function newRollout(
  { db, operationsPerProject }: ApiDependencies,
  project: string,
  body: StartConfigRollout,
  asked: IdempotentRequest & { readonly principal: string },
): Promise<NewConfigRollout> {
  const { environment, revision, plan, ignoreFreeze, reason } = body;
  const settings = await environmentSettings(db, project, environment);
  return {
    ...{ operationId: newId(), project, environment, mode: 'rollout' },
    ...{ revision: revision ?? null, plan: freezePlan(plan ?? settings.plan ?? null) },
    ...{ ignoreFreeze: ignoreFreeze === true, reason: reason ?? null, ...asked },
    slots: operationsPerProject ?? defaultOperationsPerProject,
  };
}

function refuseIncomplete({ plan, ignoreFreeze, reason }: StartConfigRollout): void {
  const errors = plan === undefined ? [] : planProblems(plan, '/plan');
  if (ignoreFreeze === true && reason === undefined)
    errors.push({ pointer: '/reason', detail: 'is required to go against a freeze window' });
  const [first] = errors;
  if (first === undefined) return;
  throw new OpsError('invalid-input', `the rollout is not valid: ${first.pointer} ${first.detail}`, {
    errors,
  });
}
