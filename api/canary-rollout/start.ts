import { newId } from '../new-id.ts';
import {
  StartCanaryRollout,
  CanaryRollout,
  type CanaryRolloutState,
} from '../../contracts/canary-rollout.ts';
import { ref } from '../../contracts/common.ts';
import { findOpenRollout, findRollout, requireRollout } from '../../db/canary-rollout/find.ts';
import { freezeConfig } from '../../db/canary-rollout/freeze-config.ts';
import { insertRollout, type NewRollout } from '../../db/canary-rollout/start.ts';
import { findResource } from '../../db/idempotency.ts';
import { requireService } from '../../db/service.ts';
import { freezePlan } from '../../domain/canary-rollout/plan.ts';
import { canaryRolloutWorkflowId } from '../../domain/canary-rollout/workflow-id.ts';
import { OpsError } from '../../domain/errors.ts';
import { principalOf } from '../auth.ts';
import { refuseUnknownGroups } from '../approval/require-groups.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { PostHeaders, problems, ProjectParams } from '../schemas.ts';
import { refusePlan } from '../services.ts';
import { refuseBeyondQuota } from '../operations-quota.ts';
import { supersede } from './supersede.ts';
import { ensureStarted } from './ensure-started.ts';

const defaultPlan = freezePlan(null);

/** POST canary-rollouts: the row first, in one round trip, then the workflow. */
export function registerStart(app: App, dependencies: ApiDependencies): void {
  app.post(
    '/canary-rollouts',
    {
      config: { needs: 'canary-rollout:start' },
      schema: {
        tags: ['canary-rollouts'],
        summary: 'Start a rollout',
        params: ProjectParams,
        headers: PostHeaders,
        body: ref(StartCanaryRollout),
        response: { 202: ref(CanaryRollout), ...problems },
      },
    },
    async (request, reply) => {
      const { project } = request.params;
      refusePlan(request.body.plan, '/plan');
      await refuseUnknownGroups(dependencies.db, project, request.body.plan, '/plan');
      const asked = newRollout(project, request.body, principalOf(request), idempotencyOf(request));
      const rollout = await withConfig(dependencies, asked, request.body.config);
      const started = await startRollout(dependencies, rollout, request.body.supersede === true);
      request.log.info(
        { operationId: started.id, workflowId: canaryRolloutWorkflowId(project, rollout.service) },
        'rollout started',
      );
      return reply
        .code(202)
        .header('location', `/v1/projects/${project}/canary-rollouts/${started.id}`)
        .send(started);
    },
  );
}

function newRollout(
  project: string,
  body: StartCanaryRollout,
  principal: string,
  request: { key: string; fingerprint: string },
): NewRollout {
  return {
    operationId: newId(),
    project,
    service: body.service,
    version: body.version,
    start: body.start ?? null,
    plan: body.plan === undefined ? null : freezePlan(body.plan),
    defaultPlan,
    principal,
    reason: body.reason ?? null,
    ...request,
  };
}

/** The configuration that comes along is frozen as it stands now; a request that came before has its own. */
async function withConfig(
  { db }: ApiDependencies,
  rollout: NewRollout,
  asked: StartCanaryRollout['config'],
): Promise<NewRollout> {
  if (asked === undefined || (await findResource(db, rollout)) !== null) return rollout;
  const { project } = rollout;
  const service = await requireService(db, project, rollout.service);
  return { ...rollout, config: await freezeConfig(db, { ...service, project }, asked) };
}

async function startRollout(
  dependencies: ApiDependencies,
  rollout: NewRollout,
  mayAbortOther: boolean,
): Promise<CanaryRollout> {
  const written = await insertRollout(dependencies.db, rollout, dependencies.operationsPerProject);
  if (written === null) return explainOrAnswer(dependencies, rollout, mayAbortOther);
  const { stableVersion, plan, state, createdAt } = written;
  const resource = toResource(rollout, { stableVersion, plan, state, createdAt });
  await ensureStarted(dependencies, resource, rollout.reason);
  return resource;
}

function toResource(
  rollout: NewRollout,
  row: {
    stableVersion: string | null;
    plan: CanaryRollout['plan'];
    state: CanaryRolloutState;
    createdAt: Date;
  },
): CanaryRollout {
  return {
    id: rollout.operationId,
    project: rollout.project,
    service: rollout.service,
    version: rollout.version,
    stableVersion: row.stableVersion,
    kind: 'rollout',
    status: 'starting',
    plan: row.plan,
    state: row.state,
    live: false,
    startedBy: rollout.principal,
    createdAt: row.createdAt.toISOString(),
    finishedAt: null,
    ...(rollout.config == null ? {} : { config: rollout.config }),
  };
}

/** Nothing was written: it was asked before, something holds the service, or it cannot be. Says which. */
async function explainOrAnswer(
  dependencies: ApiDependencies,
  rollout: NewRollout,
  mayAbortOther: boolean,
): Promise<CanaryRollout> {
  const { db } = dependencies;
  const { project, service: name, version } = rollout;
  const earlier = await findResource(db, rollout);
  if (earlier !== null) return answerAgain(dependencies, project, earlier);
  const service = await requireService(db, project, name);
  if (service.stopped !== null) {
    throw new OpsError(
      'stopped',
      `an emergency stop by ${service.stopped.by} holds for ${name}: ${service.stopped.reason}; release it first: holdfast release-stop`,
    );
  }
  if (service.stableVersion === version) {
    throw new OpsError(
      'conflict',
      `${version} is the stable version of ${name} already: it serves everything`,
    );
  }
  const running = await findOpenRollout(db, project, name);
  if (running === null) await refuseBeyondQuota(dependencies, project);
  else if (mayAbortOther) await supersede(dependencies, running, rollout);
  else throw holds(running);
  // Whatever was in the way is gone by now; a second refusal is told, not tried for ever.
  if ((await insertAgain(dependencies, await withBaseOfNow(dependencies, rollout))) !== null)
    return requireRollout(db, project, rollout.operationId);
  const winner = await findOpenRollout(db, project, name);
  if (winner !== null) throw holds(winner);
  await refuseBeyondQuota(dependencies, project);
  throw new OpsError(
    'conflict',
    `the state of ${name} changed in this moment; repeat the request with the same Idempotency-Key`,
  );
}

/** What was superseded has put its own configuration back meanwhile. */
async function withBaseOfNow(dependencies: ApiDependencies, rollout: NewRollout): Promise<NewRollout> {
  if (rollout.config == null) return rollout;
  const { environment, revision } = rollout.config;
  return withConfig(dependencies, rollout, { environment, revision });
}

async function insertAgain(
  dependencies: ApiDependencies,
  rollout: NewRollout,
): Promise<CanaryRollout | null> {
  const written = await insertRollout(dependencies.db, rollout, dependencies.operationsPerProject);
  if (written === null) return null;
  const resource = toResource(rollout, written);
  await ensureStarted(dependencies, resource, rollout.reason);
  return resource;
}

async function answerAgain(
  dependencies: ApiDependencies,
  project: string,
  id: string,
): Promise<CanaryRollout> {
  const rollout = await findRollout(dependencies.db, project, id);
  if (rollout === null) throw new OpsError('not-found', `what this Idempotency-Key made, ${id}, is gone`);
  const isForgotten = rollout.status === 'starting' && Date.now() - Date.parse(rollout.createdAt) > 2000;
  if (isForgotten) await ensureStarted(dependencies, rollout, null);
  return rollout;
}

function holds(running: CanaryRollout): OpsError {
  const what =
    running.kind === 'rollback' ? `a rollback from ${running.version}` : `a rollout of ${running.version}`;
  const remedy =
    running.kind === 'rollback' ? 'wait for it' : 'abort it, or repeat with supersede: true (--supersede)';
  return new OpsError('conflict', `${what} holds ${running.service}: ${running.id}; ${remedy}`, {
    operationId: running.id,
  });
}
