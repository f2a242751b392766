import { Type } from 'typebox';
import { ref } from '../../contracts/common.ts';
import { FeedbackUpload, FeedbackUploadPage } from '../../contracts/feedback.ts';
import { listUploads, requireUpload } from '../../db/feedback/upload.ts';
import { rememberResource } from '../../db/feedback/request.ts';
import { findResource } from '../../db/idempotency.ts';
import { OpsError } from '../../domain/errors.ts';
import { principalOf } from '../auth.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyKeyOf } from '../idempotency.ts';
import { newId } from '../new-id.ts';
import { Cursor, IdParams, Limit, PostHeaders, problems, ProjectParams } from '../schemas.ts';
import { upload } from './upload.ts';
import type { UploadFormat } from './upload-rows.ts';

const tags = ['feedback'];
const formats: Readonly<Record<string, UploadFormat>> = {
  'text/csv': 'csv',
  'application/x-ndjson': 'jsonl',
  'application/jsonl': 'jsonl',
};

/** Files of reports: CSV or JSONL, read as they come. */
export function registerUploads(app: App, dependencies: ApiDependencies): void {
  const { db } = dependencies;
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(Object.keys(formats), (_request, payload, parsed) => parsed(null, payload));
    registerUpload(scope, dependencies);
    done();
  });
  app.get(
    '/ingest/uploads',
    {
      config: { needs: 'feedback:read' },
      schema: {
        tags,
        summary: 'List uploaded files, newest first',
        params: ProjectParams,
        querystring: Type.Object({ limit: Limit, cursor: Cursor }),
        response: { 200: ref(FeedbackUploadPage), ...problems },
      },
    },
    async (request) => {
      const { limit = 50, cursor } = request.query;
      const page = { before: decodeCursor(cursor), limit: limit + 1 };
      return pageOf(await listUploads(db, request.params.project, page), limit, ({ id }) => id);
    },
  );
  app.get(
    '/ingest/uploads/:id',
    {
      config: { needs: 'feedback:read' },
      schema: {
        tags,
        summary: 'Show how far an uploaded file has come',
        params: IdParams,
        response: { 200: ref(FeedbackUpload), ...problems },
      },
    },
    async ({ params }) => requireUpload(db, params.project, params.id),
  );
}

function registerUpload(app: App, dependencies: ApiDependencies): void {
  const { db } = dependencies;
  app.post(
    '/ingest/upload',
    {
      config: { needs: 'feedback:write' },
      bodyLimit: 20 * 1024 * 1024,
      schema: {
        tags,
        summary: 'Upload a CSV or JSONL file of reports; sent again with the same key nothing counts twice',
        consumes: Object.keys(formats),
        params: ProjectParams,
        headers: PostHeaders,
        response: { 200: ref(FeedbackUpload), ...problems },
      },
    },
    async (request, reply) => {
      const { project } = request.params;
      const format = formats[request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? ''];
      if (format === undefined)
        throw new OpsError('unsupported-media-type', 'send the file as text/csv or application/x-ndjson');
      // The key is that of the file: what it holds is known only once it was read.
      const key = idempotencyKeyOf(request);
      const asked = { project, key, fingerprint: `upload ${format}` };
      const id = (await findResource(db, asked)) ?? newId();
      await rememberResource(db, asked, id);
      const principal = principalOf(request);
      const body = request.body as AsyncIterable<Buffer>;
      await upload(dependencies, { id, project, principal, format, body });
      const location = `/v1/projects/${project}/ingest/uploads/${id}`;
      return reply.header('location', location).send(await requireUpload(db, project, id));
    },
  );
}
