import { Type } from 'typebox';
import { ref } from '../../contracts/common.ts';
import { Feedback, FeedbackEdit } from '../../contracts/feedback.ts';
import { editFeedback, retryFeedback } from '../../db/feedback/edit.ts';
import { requireFeedback } from '../../db/feedback/item.ts';
import { rememberResource } from '../../db/feedback/request.ts';
import { findResource } from '../../db/idempotency.ts';
import { redactReport } from '../../domain/feedback/redact-report.ts';
import { readManual } from '../../domain/feedback/connectors/manual.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { refuseUnmatched } from '../etag.ts';
import { idempotencyOf } from '../idempotency.ts';
import { IdParams, PostHeaders, problems } from '../schemas.ts';
import { sendItem, tagged } from './items.ts';
import { wake } from './keep.ts';

const tags = ['feedback'];

/** What people do to items. */
export function registerEdits(app: App, { db, wakeClustering }: ApiDependencies): void {
  app.put(
    '/feedback/:id',
    {
      config: { needs: 'feedback:write' },
      bodyLimit: 1024 * 1024,
      schema: {
        tags,
        summary: 'Correct feedback; holds until its source tells a newer version',
        params: IdParams,
        headers: Type.Object({
          'if-match': Type.Optional(Type.String({ description: 'ETag of what this change was made on' })),
        }),
        body: ref(FeedbackEdit),
        response: { 200: ref(Feedback), ...problems },
      },
    },
    async (request, reply) => {
      const { project, id } = request.params;
      await editFeedback(db, {
        ...{ project, id, edit: redacted(request.body), principal: principalOf(request) },
        allow: (old) => refuseUnmatched(request.headers['if-match'], tagged(old)),
      });
      wake(project, wakeClustering);
      return sendItem(reply, await requireFeedback(db, project, id));
    },
  );
  app.post(
    '/feedback/:id/retry',
    {
      config: { needs: 'feedback:write' },
      schema: {
        tags,
        summary: 'Give feedback that is quarantined another try',
        params: IdParams,
        headers: PostHeaders,
        response: { 202: ref(Feedback), ...problems },
      },
    },
    async (request, reply) => {
      const { project, id } = request.params;
      const asked = { project, ...idempotencyOf(request) };
      if ((await findResource(db, asked)) === null) {
        await requireFeedback(db, project, id);
        await retryFeedback(db, project, id, principalOf(request));
        await rememberResource(db, asked, id);
        wake(project, wakeClustering);
      }
      return reply.code(202).send(await requireFeedback(db, project, id));
    },
  );
}

/** By the same rules as what comes in. */
function redacted(edit: FeedbackEdit): FeedbackEdit {
  const { title, body, status, labels } = redactReport(readManual(edit, ''));
  return { title, body, status, labels: [...labels] };
}
