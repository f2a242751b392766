import { Type } from 'typebox';
import { ref } from '../../contracts/common.ts';
import { Feedback, type FeedbackEdit, FeedbackInput, FeedbackPage } from '../../contracts/feedback.ts';
import { findResource } from '../../db/idempotency.ts';
import { rememberResource } from '../../db/feedback/request.ts';
import { listFeedback, requireFeedback } from '../../db/feedback/item.ts';
import { OpsError } from '../../domain/errors.ts';
import { readManual } from '../../domain/feedback/connectors/manual.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { etagOf } from '../etag.ts';
import { idempotencyOf } from '../idempotency.ts';
import { Cursor, IdParams, Limit, PostHeaders, problems, ProjectParams } from '../schemas.ts';
import { keep } from './keep.ts';
import { conditions } from './query.ts';

const FeedbackPageQuery = Type.Object({ ...conditions, limit: Limit, cursor: Cursor });

const tags = ['feedback'];

/** Items: what was reported, as it is kept. */
export function registerItems(app: App, dependencies: ApiDependencies): void {
  const { db } = dependencies;
  app.post(
    '/feedback',
    {
      config: { needs: 'feedback:write' },
      bodyLimit: 1024 * 1024,
      schema: {
        tags,
        summary: 'Report something by hand; the same text again counts as an occurrence',
        params: ProjectParams,
        headers: PostHeaders,
        body: ref(FeedbackInput),
        response: { 200: ref(Feedback), 201: ref(Feedback), ...problems },
      },
    },
    async (request, reply) => {
      const { project } = request.params;
      const asked = { project, ...idempotencyOf(request) };
      const earlier = await findResource(db, asked);
      if (earlier !== null) return reply.code(200).send(await requireFeedback(db, project, earlier));
      const { itemId, outcome } = await keep(dependencies, {
        ...{ project, source: 'manual', deliveryId: `request/${asked.key}` },
        reports: [readManual(request.body, new Date().toISOString())],
      });
      if (itemId === null) throw new OpsError('internal', 'the report was not kept');
      await rememberResource(db, asked, itemId);
      const item = await requireFeedback(db, project, itemId);
      return reply
        .code(outcome === 'new' ? 201 : 200)
        .header('location', `/v1/projects/${project}/feedback/${itemId}`)
        .send(item);
    },
  );
  app.get(
    '/feedback',
    {
      config: { needs: 'feedback:read' },
      schema: {
        tags,
        summary: 'List feedback, newest first',
        params: ProjectParams,
        querystring: FeedbackPageQuery,
        response: { 200: ref(FeedbackPage), ...problems },
      },
    },
    async (request) => {
      const { limit = 50, cursor, ...filter } = request.query;
      const page = { ...filter, before: decodeCursor(cursor), limit: limit + 1 };
      return pageOf(await listFeedback(db, request.params.project, page), limit, ({ id }) => id);
    },
  );
  app.get(
    '/feedback/:id',
    {
      config: { needs: 'feedback:read' },
      schema: {
        tags,
        summary: 'Show feedback',
        params: IdParams,
        response: { 200: ref(Feedback), ...problems },
      },
    },
    async ({ params }, reply) => sendItem(reply, await requireFeedback(db, params.project, params.id)),
  );
}

/** With its ETag, for an edit that must not undo somebody else's. */
export function sendItem(reply: { header(name: string, value: string): unknown }, item: Feedback): Feedback {
  reply.header('etag', etagOf(tagged(item)));
  return item;
}

/** What people edit of it. */
export function tagged({ title, body, status, labels }: FeedbackEdit): FeedbackEdit {
  return { title, body, status, labels };
}
