import { ref } from '../../contracts/common.ts';
import { SubredditList } from '../../contracts/feedback.ts';
import { findSource, putSource } from '../../db/feedback/source.ts';
import { OpsError } from '../../domain/errors.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { problems, ProjectParams } from '../schemas.ts';

/** The source that this list belongs to. */
const name = 'reddit';
const tags = ['feedback'];

/** The list of subreddits by itself, in the words that users of such tools know: it is a setting of the source `reddit`. */
export function registerSubreddits(app: App, { db, redditSubreddits = [] }: ApiDependencies): void {
  app.get(
    '/config/reddit/subreddits',
    {
      config: { needs: 'feedback-source:read' },
      schema: {
        tags,
        summary:
          'Show the subreddits that are read; without a list of its own the project has that of the installation',
        params: ProjectParams,
        response: { 200: ref(SubredditList), ...problems },
      },
    },
    async ({ params }) => {
      const source = await findSource(db, params.project, name);
      return { subreddits: [...(source?.settings.subreddits ?? redditSubreddits)] };
    },
  );
  app.put(
    '/config/reddit/subreddits',
    {
      config: { needs: 'feedback-source:write' },
      schema: {
        tags,
        summary: 'Replace the subreddits that are read; makes the source reddit where there is none',
        params: ProjectParams,
        body: ref(SubredditList),
        response: { 200: ref(SubredditList), ...problems },
      },
    },
    async (request) => {
      const { project } = request.params;
      const { subreddits } = request.body;
      const old = (await findSource(db, project, name)) ?? fresh;
      if (old.kind !== 'reddit')
        throw new OpsError(
          'conflict',
          `the source ${name} is of kind ${old.kind}; rename it to have a list of subreddits`,
        );
      const spec = { ...old, settings: { ...old.settings, subreddits } };
      await putSource(db, { project, name, spec, principal: principalOf(request), allow: () => undefined });
      return { subreddits };
    },
  );
}

const fresh = {
  kind: 'reddit',
  enabled: true,
  secret: null,
  settings: {},
  filter: {},
  dailyQuota: null,
} as const;
