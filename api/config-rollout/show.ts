import { Type } from 'typebox';
import { Name, ref } from '../../contracts/common.ts';
import { ConfigRollout, ConfigRolloutPage, type ConfigRolloutState } from '../../contracts/config-rollout.ts';
import { OperationStatus } from '../../contracts/operation.ts';
import { listConfigRollouts, requireConfigRollout } from '../../db/config-rollout/find.ts';
import { waveNow } from '../../db/config-rollout/standing.ts';
import { configRolloutWorkflowId } from '../../domain/config-rollout/workflow-id.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { Cursor, IdParams, Limit, problems, ProjectParams } from '../schemas.ts';
import { queryState } from '../workflow.ts';

/** Listing from Postgres; one rollout with its live state while it is open. */
export function registerConfigShow(app: App, dependencies: ApiDependencies): void {
  const tags = ['config-rollouts'];
  app.get(
    '/config-rollouts',
    {
      config: { needs: 'config-rollout:read' },
      schema: {
        tags,
        summary: 'List rollouts and rollbacks of configurations, newest first',
        params: ProjectParams,
        querystring: Type.Object({
          environment: Type.Optional(Name),
          status: Type.Optional(OperationStatus),
          limit: Limit,
          cursor: Cursor,
        }),
        response: { 200: ref(ConfigRolloutPage), ...problems },
      },
    },
    async ({ params, query }) => {
      const { limit = 50, cursor, ...filter } = query;
      const page = { ...filter, before: decodeCursor(cursor), limit: limit + 1 };
      const rollouts = await listConfigRollouts(dependencies.db, params.project, page);
      return pageOf(rollouts, limit, ({ id }) => id);
    },
  );
  app.get(
    '/config-rollouts/:id',
    {
      config: { needs: 'config-rollout:read' },
      schema: {
        tags,
        summary: 'Show a rollout of a configuration; live while it runs',
        params: IdParams,
        response: { 200: ref(ConfigRollout), ...problems },
      },
    },
    async ({ params }) => {
      const rollout = await requireConfigRollout(dependencies.db, params.project, params.id);
      if (rollout.status !== 'running') return rollout;
      const workflowId = configRolloutWorkflowId(rollout.project, rollout.environment);
      const state = await queryState<ConfigRolloutState>(await dependencies.temporal(), workflowId);
      const shown = state === null ? rollout : { ...rollout, state, live: true };
      const now = await waveNow(dependencies.db, shown);
      if (now === null) return shown;
      return { ...shown, state: { ...shown.state, counts: now.counts }, stragglers: now.stragglers };
    },
  );
}
