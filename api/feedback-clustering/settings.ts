import { Type } from 'typebox';
import { ref } from '../../contracts/common.ts';
import { ClusteringSettings, ClusteringSettingsInput } from '../../contracts/feedback-clustering.ts';
import { changeSettings } from '../../db/feedback-clustering/settings.ts';
import { readState } from '../../db/feedback-clustering/state.ts';
import { settingsOf } from '../../domain/feedback-clustering/settings.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { etagOf, refuseUnmatched } from '../etag.ts';
import { newId } from '../new-id.ts';
import { problems, ProjectParams } from '../schemas.ts';
import { defaults } from './jobs.ts';

const tags = ['clusters'];

/** How a project clusters. A change takes effect by a job that clusters everything again. */
export function registerClusteringSettings(app: App, dependencies: ApiDependencies): void {
  const { db } = dependencies;
  const installation = dependencies.clustering ?? defaults;
  app.get(
    '/clustering/settings',
    {
      config: { needs: 'cluster:read' },
      schema: {
        tags,
        summary: 'How the project clusters, with the defaults of the installation filled in',
        params: ProjectParams,
        response: { 200: ref(ClusteringSettings), ...problems },
      },
    },
    async ({ params }, reply) => {
      const { settings } = await readState(db, params.project);
      reply.header('etag', etagOf(settings));
      return settingsOf(settings, installation);
    },
  );
  app.put(
    '/clustering/settings',
    {
      config: { needs: 'cluster:configure' },
      schema: {
        tags,
        summary: 'Change how the project clusters; what is left out takes the default of the installation',
        params: ProjectParams,
        headers: Type.Object({
          'if-match': Type.Optional(
            Type.String({ description: 'ETag of the settings this change was made on' }),
          ),
        }),
        body: ref(ClusteringSettingsInput),
        response: { 200: ref(ClusteringSettings), ...problems },
      },
    },
    async (request, reply) => {
      const { project } = request.params;
      const settings = request.body;
      await changeSettings(db, {
        ...{ project, settings, principal: principalOf(request), jobId: newId() },
        allow: (present) => refuseUnmatched(request.headers['if-match'], present),
      });
      dependencies.wakeClustering?.(project);
      reply.header('etag', etagOf(settings));
      return settingsOf(settings, installation);
    },
  );
}
