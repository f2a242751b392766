import { newId } from '../new-id.ts';
import { CanaryRollout, RollbackInput } from '../../contracts/canary-rollout.ts';
import { ref } from '../../contracts/common.ts';
import { findOpenRollout, requireRollout } from '../../db/canary-rollout/find.ts';
import { insertRollback, type NewRollback } from '../../db/canary-rollout/start.ts';
import { findResource } from '../../db/idempotency.ts';
import { requireService } from '../../db/service.ts';
import { freezePlan } from '../../domain/canary-rollout/plan.ts';
import { OpsError } from '../../domain/errors.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { PostHeaders, problems, ServiceParams } from '../schemas.ts';
import { ensureStarted } from './ensure-started.ts';

const defaultPlan = freezePlan(null);

/** POST services/:service/rollback puts the previous release back while it is kept warm, stop or not. */
export function registerRollback(app: App, dependencies: ApiDependencies): void {
  app.post(
    '/services/:service/rollback',
    {
      config: { needs: 'canary-rollout:rollback' },
      schema: {
        tags: ['canary-rollouts'],
        summary: 'Put the previous release back while it is kept warm',
        params: ServiceParams,
        headers: PostHeaders,
        body: ref(RollbackInput),
        response: { 202: ref(CanaryRollout), ...problems },
      },
    },
    async (request, reply) => {
      const { project, service } = request.params;
      const started = await startRollback(dependencies, {
        operationId: newId(),
        project,
        service,
        defaultPlan,
        principal: principalOf(request),
        reason: request.body.reason,
        ...idempotencyOf(request),
      });
      request.log.info({ operationId: started.id, service }, 'rollback started');
      return reply
        .code(202)
        .header('location', `/v1/projects/${project}/canary-rollouts/${started.id}`)
        .send(started);
    },
  );
}

async function startRollback(dependencies: ApiDependencies, rollback: NewRollback): Promise<CanaryRollout> {
  const { db } = dependencies;
  const written = await insertRollback(db, rollback);
  const id = written === null ? await findResource(db, rollback) : rollback.operationId;
  if (id === null) throw await whyNot(dependencies, rollback);
  const rollout = await requireRollout(db, rollback.project, id);
  if (written !== null) await ensureStarted(dependencies, rollout, rollback.reason);
  return rollout;
}

async function whyNot({ db }: ApiDependencies, { project, service: name }: NewRollback): Promise<OpsError> {
  const service = await requireService(db, project, name);
  const running = await findOpenRollout(db, project, name);
  if (running !== null) {
    const what = running.kind === 'rollback' ? 'a rollback runs already' : 'a rollout runs; abort it first';
    return new OpsError('conflict', `${what}: ${running.id}`, { operationId: running.id });
  }
  if (service.previousVersion === null) {
    return new OpsError(
      'not-warm',
      `${name} has no previous release to go back to; roll the old version out instead`,
    );
  }
  const since = service.warmUntil ?? 'now';
  return new OpsError(
    'not-warm',
    `${service.previousVersion} was kept warm until ${since}; roll it out instead: holdfast canary start ${name} ${service.previousVersion}`,
  );
}
