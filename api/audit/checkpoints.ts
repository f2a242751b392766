import { readFile } from 'node:fs/promises';
import { Type } from 'typebox';
import { AuditCheckpointPage, AuditKey } from '../../contracts/audit.ts';
import { ref } from '../../contracts/common.ts';
import { listCheckpoints } from '../../db/audit/checkpoints.ts';
import { OpsError } from '../../domain/errors.ts';
import { pageOf } from '../cursor.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { Cursor, Limit, problems, ProjectParams } from '../schemas.ts';
import { placeOf } from './place.ts';

/** GET audit/checkpoints and audit/key. */
export function registerAuditCheckpoints(app: App, { db, auditKeyFile }: ApiDependencies): void {
  const tags = ['audit'];
  app.get(
    '/audit/checkpoints',
    {
      config: { needs: 'audit:read' },
      schema: {
        tags,
        summary: 'Signed checkpoints by size, as they were published',
        params: ProjectParams,
        querystring: Type.Object({ limit: Limit, cursor: Cursor }),
        response: { 200: ref(AuditCheckpointPage), ...problems },
      },
    },
    async ({ params, query }) => {
      const { limit = 50, cursor } = query;
      const page = { after: placeOf(cursor) ?? 0, limit: limit + 1 };
      const rows = await listCheckpoints(db, params.project, page);
      const items = rows.map((row) => ({ ...row, at: row.at.toISOString() }));
      return pageOf(items, limit, ({ size }) => String(size));
    },
  );
  app.get(
    '/audit/key',
    {
      config: { needs: 'audit:read' },
      schema: {
        tags,
        summary: 'The public key that checkpoints are verified with; keep a copy of it elsewhere',
        params: ProjectParams,
        response: { 200: ref(AuditKey), ...problems },
      },
    },
    async () => ({ key: await readKey(auditKeyFile) }),
  );
}

/** Read from beside the API and not from the database: whoever rewrites that must not choose the key. */
async function readKey(file: string | undefined): Promise<string> {
  try {
    if (file !== undefined) return (await readFile(file, 'utf8')).trim();
  } catch {
    // Told below: it was not made yet, or stands elsewhere.
  }
  throw new OpsError(
    'not-found',
    'there is no signing key; holdfast up makes one, or set HOLDFAST_AUDIT_KEY',
  );
}
