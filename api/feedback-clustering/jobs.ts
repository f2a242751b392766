import { Type } from 'typebox';
import { Name, ref, Ulid } from '../../contracts/common.ts';
import { ClusteringStatus, ClusterJob, ClusterJobPage } from '../../contracts/feedback-clustering.ts';
import { listJobs, requireJob } from '../../db/feedback-clustering/jobs.ts';
import { askForJob } from '../../db/feedback-clustering/ask-for-job.ts';
import { clusteringCounts } from '../../db/feedback-clustering/status.ts';
import { readState } from '../../db/feedback-clustering/state.ts';
import { settingsOf, thresholdOf } from '../../domain/feedback-clustering/settings.ts';
import { principalOf } from '../auth.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { newId } from '../new-id.ts';
import { Cursor, Limit, PostHeaders, problems, ProjectParams } from '../schemas.ts';

const tags = ['clusters'];

export function registerClusterJobs(app: App, dependencies: ApiDependencies): void {
  const { db } = dependencies;
  app.post(
    '/cluster-jobs',
    {
      config: { needs: 'cluster:write' },
      schema: {
        tags,
        summary:
          'Cluster everything again: fit the model, embed and compare all items. Ids and what people decided stay',
        params: ProjectParams,
        headers: PostHeaders,
        response: { 202: ref(ClusterJob), ...problems },
      },
    },
    async (request, reply) => {
      const { project } = request.params;
      const asked = { id: newId(), project, principal: principalOf(request), ...idempotencyOf(request) };
      const id = await askForJob(db, asked);
      dependencies.wakeClustering?.(project);
      return reply
        .code(202)
        .header('location', `/v1/projects/${project}/cluster-jobs/${id}`)
        .send(await requireJob(db, project, id));
    },
  );
  app.get(
    '/cluster-jobs',
    {
      config: { needs: 'cluster:read' },
      schema: {
        tags,
        summary: 'List jobs, newest first',
        params: ProjectParams,
        querystring: Type.Object({ limit: Limit, cursor: Cursor }),
        response: { 200: ref(ClusterJobPage), ...problems },
      },
    },
    async ({ params, query: { limit = 50, cursor } }) => {
      const rows = await listJobs(db, params.project, { before: decodeCursor(cursor), limit: limit + 1 });
      return pageOf(rows, limit, ({ id }) => id);
    },
  );
  app.get(
    '/cluster-jobs/:job',
    {
      config: { needs: 'cluster:read' },
      schema: {
        tags,
        summary: 'Show a job',
        params: Type.Object({ project: Name, job: Ulid }),
        response: { 200: ref(ClusterJob), ...problems },
      },
    },
    ({ params }) => requireJob(db, params.project, params.job),
  );
  app.get(
    '/clustering/status',
    {
      config: { needs: 'cluster:read' },
      schema: {
        tags,
        summary: 'What waits, whether it is being clustered, and how the last job ended',
        params: ProjectParams,
        response: { 200: ref(ClusteringStatus), ...problems },
      },
    },
    async ({ params: { project } }) => {
      const [counts, state, [lastJob = null]] = await Promise.all([
        clusteringCounts(db, project),
        readState(db, project),
        listJobs(db, project, { before: null, limit: 1 }),
      ]);
      const settings = settingsOf(state.settings, dependencies.clustering ?? defaults);
      const isLexical = state.model?.startsWith('lexical-') ?? true;
      const threshold = thresholdOf(settings, { isLexical, calibrated: state.calibrated });
      return { ...counts, method: settings.method, threshold, model: state.model, lastJob };
    },
  );
}

/** What an installation has that sets nothing. */
export const defaults = {
  method: 'agglomerative',
  threshold: null,
  minSize: 2,
  truncateBodyChars: 1500,
} as const;
