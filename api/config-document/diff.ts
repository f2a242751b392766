import { Type } from 'typebox';
import { ref } from '../../contracts/common.ts';
import { ConfigDiff, Revision } from '../../contracts/config-revision.ts';
import { requireEnvironment } from '../../db/config-document/environment.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { EnvironmentParams, problems } from '../schemas.ts';
import { compare } from './compare.ts';
import { askedSide, parentSide, revisionSide } from './sides.ts';

/** Two revisions compared. */
export function registerDiff(app: App, { db }: ApiDependencies): void {
  app.get(
    '/environments/:environment/config/diff',
    {
      config: { needs: 'config:read' },
      schema: {
        tags: ['config'],
        summary: 'Compare two revisions: what it means, in the file, and what it takes',
        description:
          'from: what is live when left out, else what `to` was made from. to: the head when left out.',
        params: EnvironmentParams,
        querystring: Type.Object({ from: Type.Optional(Revision), to: Type.Optional(Revision) }),
        response: { 200: ref(ConfigDiff), ...problems },
      },
    },
    async ({ params, query }) => {
      const { live } = await requireEnvironment(db, params.project, params.environment);
      const to = await askedSide(db, params, query.to === undefined ? {} : { revision: query.to });
      const from = query.from ?? live;
      const before =
        from === null ? await parentSide(db, params, to.revision) : await revisionSide(db, params, from);
      return compare(before, to);
    },
  );
}
