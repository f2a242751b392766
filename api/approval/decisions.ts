import { ApprovalDecision, ApprovalDecisionInput } from '../../contracts/approval.ts';
import { ref } from '../../contracts/common.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { IdParams, PostHeaders, problems } from '../schemas.ts';
import { decide } from './decide.ts';

/** POST approvals/:id/decisions: a person's answer at a gate. */
export function registerDecisions(app: App, dependencies: ApiDependencies): void {
  app.post(
    '/approvals/:id/decisions',
    {
      config: { needs: 'approval:decide' },
      schema: {
        tags: ['approvals'],
        summary: 'Approve or reject at a gate; 202 when the workflow could not be told yet',
        params: IdParams,
        headers: PostHeaders,
        body: ref(ApprovalDecisionInput),
        response: { 200: ref(ApprovalDecision), 202: ref(ApprovalDecision), ...problems },
      },
    },
    async (request, reply) => {
      const { project, id } = request.params;
      const gate = (): Promise<string> => Promise.resolve(id);
      const { decision, isTold } = await decide(dependencies, { request, project, body: request.body, gate });
      return reply.code(isTold ? 200 : 202).send(decision);
    },
  );
}
