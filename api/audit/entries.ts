import { Type } from 'typebox';
import { AuditEntryPage } from '../../contracts/audit.ts';
import { ref } from '../../contracts/common.ts';
import { listAuditEntries } from '../../db/audit/entries.ts';
import { pageOf } from '../cursor.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { Cursor, Limit, problems, ProjectParams } from '../schemas.ts';
import { placeOf } from './place.ts';

/** GET audit/entries: who did what, the newest first. */
export function registerAuditEntries(app: App, { db }: ApiDependencies): void {
  app.get(
    '/audit/entries',
    {
      config: { needs: 'audit:read' },
      schema: {
        tags: ['audit'],
        summary: 'List sealed audit entries, the newest first',
        params: ProjectParams,
        querystring: Type.Object({
          operation: Type.Optional(Type.String({ maxLength: 100 })),
          limit: Limit,
          cursor: Cursor,
        }),
        response: { 200: ref(AuditEntryPage), ...problems },
      },
    },
    async ({ params, query }) => {
      const { limit = 50, cursor, operation } = query;
      const filter = { operation, before: placeOf(cursor), limit: limit + 1 };
      return pageOf(await listAuditEntries(db, params.project, filter), limit, ({ seq }) => String(seq));
    },
  );
}
