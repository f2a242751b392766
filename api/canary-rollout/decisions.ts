import { newId } from '../new-id.ts';
import { CanaryDecision, CanaryDecisionInput, type CanaryRollout } from '../../contracts/canary-rollout.ts';
import { ref } from '../../contracts/common.ts';
import { findDecisionAbout, insertDecision, requireDecision } from '../../db/canary-rollout/decision.ts';
import { requireRollout } from '../../db/canary-rollout/find.ts';
import { findResource } from '../../db/idempotency.ts';
import { canaryRolloutWorkflowId } from '../../domain/canary-rollout/workflow-id.ts';
import { OpsError } from '../../domain/errors.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { IdParams, PostHeaders, problems } from '../schemas.ts';
import { queryState } from './workflow.ts';

const signalLimitMs = 2000;

/** POST :id/decisions: a person's answer at a gate. The row counts; the signal only says that there is one. */
export function registerDecisions(app: App, dependencies: ApiDependencies): void {
  app.post(
    '/canary-rollouts/:id/decisions',
    {
      config: { needs: 'canary-rollout:decide' },
      schema: {
        tags: ['canary-rollouts'],
        summary: 'Approve or reject at a gate; 202 when the workflow could not be told yet',
        params: IdParams,
        headers: PostHeaders,
        body: ref(CanaryDecisionInput),
        response: { 200: ref(CanaryDecision), 202: ref(CanaryDecision), ...problems },
      },
    },
    async (request, reply) => {
      const { project, id: operationId } = request.params;
      const { db } = dependencies;
      const idempotency = { project, ...idempotencyOf(request) };
      const rollout = await requireRollout(db, project, operationId);
      const id = (await findResource(db, idempotency)) ?? (await decide(request.body));
      const isTold = await announce(dependencies, rollout, id);
      return reply.code(isTold ? 200 : 202).send(await requireDecision(db, project, operationId, id));

      async function decide(body: CanaryDecisionInput): Promise<string> {
        await refuseStale(dependencies, rollout, body.subject);
        const decision = {
          id: newId(),
          operationId,
          target: rollout.service,
          subject: body.subject,
          decision: body.decision,
          reason: body.reason ?? null,
          principal: principalOf(request),
          ...idempotency,
        };
        const refusal = await insertDecision(db, decision);
        if (refusal === null) return decision.id;
        if (refusal.kind === 'refused') throw new OpsError(refusal.code, refusal.why, { operationId });
        const repeated = refusal.kind === 'repeated' ? await findResource(db, idempotency) : null;
        if (repeated !== null) return repeated;
        throw isOver(rollout);
      }
    },
  );
}

/** What is approved must be what the gate shows now, by the workflow itself or, when it does not answer, as last kept. */
async function refuseStale(
  dependencies: ApiDependencies,
  rollout: CanaryRollout,
  subject: string,
): Promise<void> {
  const { id, state } = rollout;
  if (rollout.status === 'closed') throw isOver(rollout);
  if (state.gate?.subject === subject) return;
  const workflowId = canaryRolloutWorkflowId(rollout.project, rollout.service);
  const live = await queryState(await dependencies.temporal(), workflowId);
  const gate = (live ?? state).gate;
  if (gate?.subject === subject) return;
  const made = await findDecisionAbout(dependencies.db, rollout.project, id, subject);
  if (made !== null) throw answered(made, id);
  const now =
    gate === null
      ? `it is ${(live ?? state).phase} and asks nothing`
      : `its gate now asks about ${gate.subject}`;
  throw new OpsError('stale', `the rollout ${id} does not wait for a decision about that subject: ${now}`, {
    operationId: id,
    errors: [{ pointer: '/subject', detail: 'is not what the gate shows now' }],
  });
}

function answered(made: CanaryDecision, operationId: string): OpsError {
  const verb = made.decision === 'approve' ? 'approved' : 'rejected';
  return new OpsError('conflict', `${made.by} ${verb} this already at ${made.at}; a gate is answered once`, {
    operationId,
  });
}

function isOver(rollout: CanaryRollout): OpsError {
  return new OpsError('conflict', `the rollout ${rollout.id} is over: ${rollout.state.outcome ?? 'closed'}`);
}

async function announce(
  dependencies: ApiDependencies,
  rollout: CanaryRollout,
  decisionId: string,
): Promise<boolean> {
  try {
    const client = await dependencies.temporal();
    const handle = client.workflow.getHandle(canaryRolloutWorkflowId(rollout.project, rollout.service));
    await client.withDeadline(Date.now() + signalLimitMs, () => handle.signal('approval', { decisionId }));
    return true;
  } catch (error) {
    dependencies.logger?.info(
      { err: error, operationId: rollout.id, decisionId },
      'decision left to the reconciler',
    );
    return false;
  }
}
