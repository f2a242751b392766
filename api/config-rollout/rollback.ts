import { ConfigRollbackInput, ConfigRollout } from '../../contracts/config-rollout.ts';
import { ref } from '../../contracts/common.ts';
import { rollbackPlan } from '../../domain/config-rollout/rollback-plan.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { newId } from '../new-id.ts';
import { EnvironmentParams, PostHeaders, problems } from '../schemas.ts';
import { openConfigRollout } from './open.ts';

/** POST environments/:environment/config/rollback: an earlier revision for everybody at once; safety is not held up by a freeze or a quota. */
export function registerConfigRollback(app: App, dependencies: ApiDependencies): void {
  app.post(
    '/environments/:environment/config/rollback',
    {
      config: { needs: 'config-rollout:rollback' },
      schema: {
        tags: ['config-rollouts'],
        summary: 'Go back to what the environment ran before, all at once',
        params: EnvironmentParams,
        headers: PostHeaders,
        body: ref(ConfigRollbackInput),
        response: { 202: ref(ConfigRollout), ...problems },
      },
    },
    async (request, reply) => {
      const { project, environment } = request.params;
      const { revision, reason } = request.body;
      const started = await openConfigRollout(
        dependencies,
        {
          ...{ operationId: newId(), project, environment, mode: 'rollback' },
          ...{ revision: revision ?? null, plan: rollbackPlan, ignoreFreeze: true, reason, slots: null },
          ...{ principal: principalOf(request), ...idempotencyOf(request) },
        },
        false,
      );
      request.log.info({ operationId: started.id }, 'config rollback started');
      return reply
        .code(202)
        .header('location', `/v1/projects/${project}/config-rollouts/${started.id}`)
        .send(started);
    },
  );
}
