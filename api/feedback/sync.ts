import { Type } from 'typebox';
import { Name, ref } from '../../contracts/common.ts';
import { FeedbackSync, RepositoryName } from '../../contracts/feedback-source.ts';
import { requireSource } from '../../db/feedback/source.ts';
import { OpsError } from '../../domain/errors.ts';
import { syncOptions } from '../../workflows/feedback/start-options.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { PostHeaders, problems } from '../schemas.ts';

/** Reading a repository now, without waiting for the schedule; also one that no schedule reads. */
export function registerSync(app: App, { db, temporal }: ApiDependencies): void {
  app.post(
    '/ingest/github/sync/:repository',
    {
      config: { needs: 'feedback:write' },
      schema: {
        tags: ['feedback'],
        summary:
          'Read the issues of a repository, owner/name with %2F for the slash: what changed, or all of them',
        params: Type.Object({ project: Name, repository: RepositoryName }),
        querystring: Type.Object({
          source: Type.Optional(Type.Unsafe<string>({ ...Name, default: 'github' })),
        }),
        headers: PostHeaders,
        response: { 202: ref(FeedbackSync), ...problems },
      },
    },
    async (request, reply) => {
      const { project, repository } = request.params;
      const name = request.query.source ?? 'github';
      idempotencyOf(request);
      const source = await requireSource(db, project, name);
      if (source.kind !== 'github' || !source.enabled)
        throw new OpsError('conflict', `the source ${name} is not one of GitHub that is switched on`);
      const { type, options } = syncOptions({ project, source: name }, repository);
      const client = await temporal();
      await client.workflow.start(type, options);
      const location = `/v1/projects/${project}/sources/${name}`;
      return reply
        .code(202)
        .header('location', location)
        .send({ source: name, repository, workflowId: options.workflowId });
    },
  );
}
