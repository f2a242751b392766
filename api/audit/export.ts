import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { listCheckpoints } from '../../db/audit/checkpoints.ts';
import { exportSeals, exportUnsealed, type ExportedSeal } from '../../db/audit/export.ts';
import type { Db } from '../../db/connect.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { problems, ProjectParams } from '../schemas.ts';

const checkpointsAtOnce = 500;

/** GET audit/export: all that a verifier needs, a line of JSON each, streamed. */
export function registerAuditExport(app: App, { db }: ApiDependencies): void {
  app.get(
    '/audit/export',
    {
      config: { needs: 'audit:read' },
      schema: {
        tags: ['audit'],
        summary: 'The audit as NDJSON: header, checkpoints, sealed entries, entries that wait, end',
        params: ProjectParams,
        querystring: Type.Object({
          after: Type.Optional(
            Type.Integer({ minimum: 0, default: 0, description: 'Only sealed entries after this seq' }),
          ),
        }),
        response: {
          200: {
            description: 'One JSON object a line; docs/audit.md tells their members',
            content: { 'application/x-ndjson': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
          },
          ...problems,
        },
      },
    },
    async ({ params, query }, reply) => {
      const lines = exportLines(db, params.project, query.after ?? 0);
      return reply.type('application/x-ndjson').send(Readable.from(lines, { objectMode: false }));
    },
  );
}

/** Checkpoints first: each then covers only entries that follow. */
export async function* exportLines(db: Db, project: string, after: number): AsyncGenerator<string> {
  yield line({ format: 'holdfast-audit/1', project, after, exportedAt: new Date().toISOString() });
  for (let size = 0; ;) {
    const page = await listCheckpoints(db, project, { after: size, limit: checkpointsAtOnce });
    for (const { size: place, note } of page) yield line({ size: place, note });
    if (page.length < checkpointsAtOnce) break;
    size = page.at(-1)?.size ?? size;
  }
  for await (const seals of exportSeals(db, project, after)) yield seals.map(sealLine).join('');
  for (const { entry, bytes } of await exportUnsealed(db, project)) {
    yield line({ entry, bytes: bytes.toString('base64') });
  }
  yield line({ end: true });
}

function sealLine({ seq, entry, bytes, prev, hash, salt, data }: ExportedSeal): string {
  return line({
    seq,
    entry,
    bytes: bytes?.toString('base64') ?? null,
    prev: prev.toString('base64'),
    hash: hash.toString('base64'),
    salt: salt?.toString('base64'),
    data: data?.toString('base64'),
  });
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
