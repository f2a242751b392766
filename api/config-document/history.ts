import { Type } from 'typebox';
import { Name, ref } from '../../contracts/common.ts';
import { ConfigHeadMovePage, ConfigRevisionDetail, Revision } from '../../contracts/config-revision.ts';
import { listHeadMoves } from '../../db/config-document/head-moves.ts';
import { requireEnvironment } from '../../db/config-document/environment.ts';
import { requireRevision } from '../../db/config-document/revision.ts';
import { OpsError } from '../../domain/errors.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { Cursor, EnvironmentParams, Limit, problems } from '../schemas.ts';

const tags = ['config'];

/** What was ever put to an environment. */
export function registerHistory(app: App, { db }: ApiDependencies): void {
  app.get(
    '/environments/:environment/config/history',
    {
      config: { needs: 'config:read' },
      schema: {
        tags,
        summary: 'List the moves of the head, newest first',
        params: EnvironmentParams,
        querystring: Type.Object({ limit: Limit, cursor: Cursor }),
        response: { 200: ref(ConfigHeadMovePage), ...problems },
      },
    },
    async ({ params, query }) => {
      const { project, environment } = params;
      const { limit = 50, cursor } = query;
      await requireEnvironment(db, project, environment);
      const page = { before: seqOf(decodeCursor(cursor)), limit: limit + 1 };
      const moves = await listHeadMoves(db, project, environment, page);
      return pageOf(moves, limit, ({ seq }) => String(seq));
    },
  );
  app.get(
    '/environments/:environment/config/revisions/:revision',
    {
      config: { needs: 'config:read' },
      schema: {
        tags,
        summary: 'Show a revision: its document and what it renders to',
        params: Type.Object({ project: Name, environment: Name, revision: Revision }),
        response: { 200: ref(ConfigRevisionDetail), ...problems },
      },
    },
    ({ params }) => requireRevision(db, params),
  );
}

function seqOf(cursor: string | null): number | null {
  if (cursor === null || /^[1-9][0-9]{0,8}$/.test(cursor)) return cursor === null ? null : Number(cursor);
  throw new OpsError('invalid-input', 'the cursor is not one of ours: take `next` of the page before', {
    errors: [{ pointer: 'querystring/cursor', detail: 'is not a cursor' }],
  });
}
