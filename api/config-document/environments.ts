import { Type } from 'typebox';
import { ref } from '../../contracts/common.ts';
import { Environment, EnvironmentList, EnvironmentSettings } from '../../contracts/config-revision.ts';
import { listEnvironments, requireEnvironment } from '../../db/config-document/environment.ts';
import { putEnvironment } from '../../db/config-document/put-environment.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { etagOf, refuseUnmatched } from '../etag.ts';
import { EnvironmentParams, problems, ProjectParams } from '../schemas.ts';
import { refuseSettings } from './refuse-settings.ts';

const tags = ['environments'];

/** Environments: fleets of proxies that run one configuration. */
export function registerEnvironments(app: App, { db }: ApiDependencies): void {
  app.get(
    '/environments',
    {
      config: { needs: 'config:read' },
      schema: {
        tags,
        summary: 'List environments by name',
        params: ProjectParams,
        response: { 200: ref(EnvironmentList), ...problems },
      },
    },
    async ({ params }) => ({ items: await listEnvironments(db, params.project) }),
  );
  app.get(
    '/environments/:environment',
    {
      config: { needs: 'config:read' },
      schema: {
        tags,
        summary: 'Show an environment: head, what is live, and how many proxies are proven to run it',
        params: EnvironmentParams,
        response: { 200: ref(Environment), ...problems },
      },
    },
    async ({ params }, reply) =>
      send(reply, await requireEnvironment(db, params.project, params.environment)),
  );
  app.put(
    '/environments/:environment',
    {
      config: { needs: 'environment:configure' },
      schema: {
        tags,
        summary: 'Make an environment or replace its settings; a running rollout keeps its plan',
        params: EnvironmentParams,
        headers: Type.Object({
          'if-match': Type.Optional(
            Type.String({ description: 'ETag of the settings this change was made on' }),
          ),
        }),
        body: ref(EnvironmentSettings),
        response: { 200: ref(Environment), 201: ref(Environment), ...problems },
      },
    },
    async (request, reply) => {
      const { project, environment: name } = request.params;
      const settings = request.body;
      await refuseSettings(db, project, settings);
      const ifMatch = request.headers['if-match'];
      const isNew = await putEnvironment(db, {
        ...{ project, name, settings, principal: principalOf(request) },
        allow: (old) => refuseUnmatched(ifMatch, old),
      });
      return send(reply.code(isNew ? 201 : 200), await requireEnvironment(db, project, name));
    },
  );
}

/** With the ETag of its settings, for an edit that must not undo somebody else's. */
function send(
  reply: { header(name: string, value: string): unknown },
  environment: Environment,
): Environment {
  reply.header('etag', etagOf(environment.settings));
  return environment;
}
