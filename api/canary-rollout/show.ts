import { Type } from 'typebox';
import { CanaryRollout, CanaryRolloutPage, type CanaryRolloutState } from '../../contracts/canary-rollout.ts';
import { Name, ref } from '../../contracts/common.ts';
import { OperationStatus } from '../../contracts/operation.ts';
import { listRollouts, requireRollout } from '../../db/canary-rollout/find.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { Cursor, IdParams, Limit, problems, ProjectParams } from '../schemas.ts';
import { queryState } from '../workflow.ts';
import { canaryRolloutWorkflowId } from '../../domain/canary-rollout/workflow-id.ts';

/** Listing from Postgres; one rollout with its live state while it is open. */
export function registerShow(app: App, dependencies: ApiDependencies): void {
  const tags = ['canary-rollouts'];
  app.get(
    '/canary-rollouts',
    {
      config: { needs: 'canary-rollout:read' },
      schema: {
        tags,
        summary: 'List rollouts and rollbacks, newest first',
        params: ProjectParams,
        querystring: Type.Object({
          service: Type.Optional(Name),
          status: Type.Optional(OperationStatus),
          limit: Limit,
          cursor: Cursor,
        }),
        response: { 200: ref(CanaryRolloutPage), ...problems },
      },
    },
    async (request) => {
      const { limit = 50, cursor, ...filter } = request.query;
      const page = { ...filter, before: decodeCursor(cursor), limit: limit + 1 };
      return pageOf(await listRollouts(dependencies.db, request.params.project, page), limit, ({ id }) => id);
    },
  );
  app.get(
    '/canary-rollouts/:id',
    {
      config: { needs: 'canary-rollout:read' },
      schema: {
        tags,
        summary: 'Show a rollout; live while it runs',
        params: IdParams,
        response: { 200: ref(CanaryRollout), ...problems },
      },
    },
    async ({ params }) => {
      const rollout = await requireRollout(dependencies.db, params.project, params.id);
      if (rollout.status !== 'running' || rollout.kind === 'rollback') return rollout;
      const workflowId = canaryRolloutWorkflowId(rollout.project, rollout.service);
      const state = await queryState<CanaryRolloutState>(await dependencies.temporal(), workflowId);
      return state === null ? rollout : { ...rollout, state, live: true };
    },
  );
}
