import { ApprovalDecision, BreakGlassInput } from '../../contracts/approval.ts';
import { ref } from '../../contracts/common.ts';
import { breakGlass } from '../../db/approval/break-glass.ts';
import { requireDecision } from '../../db/approval/decide.ts';
import { findResource } from '../../db/idempotency.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { newId } from '../new-id.ts';
import { IdParams, PostHeaders, problems } from '../schemas.ts';
import { announce, refusalError } from './decide.ts';

/** POST approvals/:id/break-glass: an admin passes a gate alone. The normal route cannot do this, whoever uses it. */
export function registerBreakGlass(app: App, dependencies: ApiDependencies): void {
  app.post(
    '/approvals/:id/break-glass',
    {
      config: { needs: 'approval:break-glass' },
      schema: {
        tags: ['approvals'],
        summary: 'Pass a gate without its approvals, in an emergency; every channel of the project is told',
        params: IdParams,
        headers: PostHeaders,
        body: ref(BreakGlassInput),
        response: { 200: ref(ApprovalDecision), 202: ref(ApprovalDecision), ...problems },
      },
    },
    async (request, reply) => {
      const { db } = dependencies;
      const { project, id: gateId } = request.params;
      const idempotency = { project, ...idempotencyOf(request) };
      const id = (await findResource(db, idempotency)) ?? (await write());
      const decision = await requireDecision(db, project, id);
      const isTold = await announce(dependencies, project, decision);
      request.log.warn({ operationId: decision.operationId, gateId, by: decision.by }, 'glass broken');
      return reply.code(isTold ? 200 : 202).send(decision);

      async function write(): Promise<string> {
        const made = {
          id: newId(),
          gateId,
          principal: principalOf(request),
          ...request.body,
          ...idempotency,
        };
        const refusal = await breakGlass(db, made);
        if (refusal === null) return made.id;
        if (refusal.kind === 'repeated') return (await findResource(db, idempotency)) ?? made.id;
        throw refusalError(refusal);
      }
    },
  );
}
