import { CanaryDecision, CanaryDecisionInput, type CanaryRollout } from '../../contracts/canary-rollout.ts';
import { ref } from '../../contracts/common.ts';
import { findGateAbout } from '../../db/approval/waiting.ts';
import { requireRollout } from '../../db/canary-rollout/find.ts';
import { OpsError } from '../../domain/errors.ts';
import { decide } from '../approval/decide.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { IdParams, PostHeaders, problems } from '../schemas.ts';

/** POST :id/decisions: the same as at approvals/:id/decisions, for who knows the rollout and not its gate. */
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
      const { body } = request;
      const rollout = await requireRollout(dependencies.db, project, operationId);
      const gate = (): Promise<string> => gateAbout(dependencies, rollout, body.subject);
      const { decision, isTold } = await decide(dependencies, { request, project, body, gate });
      const { id, subject, by, reason, at, consumedAt } = decision;
      const told = { id, operationId, subject, decision: body.decision, by, reason, at, consumedAt };
      return reply.code(isTold ? 200 : 202).send(told);
    },
  );
}

async function gateAbout({ db }: ApiDependencies, rollout: CanaryRollout, subject: string): Promise<string> {
  const { id: operationId, project, state } = rollout;
  if (rollout.status === 'closed')
    throw new OpsError('conflict', `the rollout ${operationId} is over: ${state.outcome ?? 'closed'}`);
  const gate = await findGateAbout(db, { project, operationId, subject });
  if (gate !== null) return gate.id;
  const now =
    state.gate === null
      ? `it is ${state.phase} and asks nothing`
      : `its gate now asks about ${state.gate.subject}`;
  throw new OpsError(
    'stale',
    `the rollout ${operationId} does not wait for a decision about that subject: ${now}`,
    {
      operationId,
      errors: [{ pointer: '/subject', detail: 'is not what the gate shows now' }],
    },
  );
}
