import { Type } from 'typebox';
import { Name, Reason, ref } from '../../contracts/common.ts';
import { FleetProxy, FleetProxyPage } from '../../contracts/proxy-enrollment.ts';
import { removeProxy } from '../../db/config-rollout/fleet.ts';
import { listFleet, requireFleetProxy } from '../../db/config-rollout/show-fleet.ts';
import { principalOf } from '../auth.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { Cursor, Limit, problems, ProjectParams } from '../schemas.ts';

const FleetParams = Type.Object({ project: Name, proxy: Name });

/** The proxies of a project, invited and enrolled. */
export function registerFleetProxies(app: App, { db }: ApiDependencies): void {
  const tags = ['fleet'];
  app.get(
    '/fleet',
    {
      config: { needs: 'proxy:read' },
      schema: {
        tags,
        summary: 'The proxies of the project, by name',
        params: ProjectParams,
        querystring: Type.Object({ environment: Type.Optional(Name), limit: Limit, cursor: Cursor }),
        response: { 200: ref(FleetProxyPage), ...problems },
      },
    },
    async ({ params, query }) => {
      const { limit = 50, cursor, environment } = query;
      const page = { environment, after: decodeCursor(cursor), limit: limit + 1 };
      return pageOf(await listFleet(db, params.project, page), limit, ({ proxy }) => proxy);
    },
  );
  app.get(
    '/fleet/:proxy',
    {
      config: { needs: 'proxy:read' },
      schema: {
        tags,
        summary: 'Show a proxy: what it is to run, and what it answers that it runs',
        params: FleetParams,
        response: { 200: ref(FleetProxy), ...problems },
      },
    },
    ({ params }) => requireFleetProxy(db, params.project, params.proxy),
  );
  app.delete(
    '/fleet/:proxy',
    {
      config: { needs: 'proxy:enroll' },
      schema: {
        tags,
        summary:
          'Take a proxy out of its fleet and revoke the key of its agent; its HAProxy goes on as it is',
        params: FleetParams,
        querystring: Type.Object({ reason: Type.Optional(Reason) }),
        response: { 204: Type.Null({ description: 'Removed' }), ...problems },
      },
    },
    async (request, reply) => {
      const { reason } = request.query;
      await removeProxy(db, { ...request.params, by: principalOf(request), reason });
      return reply.code(204).send(null);
    },
  );
}
