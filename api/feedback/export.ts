import { Readable } from 'node:stream';
import { Type } from 'typebox';
import type { Feedback } from '../../contracts/feedback.ts';
import { listFeedback, type FeedbackFilter } from '../../db/feedback/item.ts';
import { inProject } from '../../db/scope.ts';
import { csvLine, feedbackColumns } from '../../domain/feedback/csv.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { problems, ProjectParams } from '../schemas.ts';
import { conditions } from './query.ts';

const batch = 500;

/** GET …/feedback.csv: all that a listing finds, as a table. */
export function registerExport(app: App, { db }: ApiDependencies): void {
  app.get(
    '/feedback.csv',
    {
      config: { needs: 'feedback:read' },
      schema: {
        tags: ['feedback'],
        summary:
          'Export feedback as CSV, newest first; a cell that a spreadsheet would take for a formula begins with an apostrophe',
        params: ProjectParams,
        querystring: Type.Object(conditions),
        response: { 200: { content: { 'text/csv': { schema: Type.String() } } }, ...problems },
      },
    },
    async (request, reply) => {
      const lines = Readable.from(linesOf(db, request.params.project, request.query));
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="feedback.csv"')
        .send(lines as unknown as string);
    },
  );
}

/** A page at a time: a stream is read in no request's scope, so each says its own. */
async function* linesOf(
  db: ApiDependencies['db'],
  project: string,
  filter: Omit<FeedbackFilter, 'before' | 'limit'>,
): AsyncGenerator<string> {
  yield csvLine(feedbackColumns.map(([name]) => name));
  let before: string | null = null;
  for (;;) {
    const items: Feedback[] = await inProject(project, () =>
      listFeedback(db, project, { ...filter, before, limit: batch }),
    );
    yield items.map((item) => csvLine(feedbackColumns.map(([, cell]) => cell(item)))).join('');
    before = items.at(-1)?.id ?? null;
    if (items.length < batch) return;
  }
}
