import { setImmediate } from 'node:timers/promises';
import { ref } from '../../contracts/common.ts';
import { LogBatchInput, LogBatchResult, type LogLineInput } from '../../contracts/log-window.ts';
import { addBatch } from '../../db/log-window/add.ts';
import { OpsError } from '../../domain/errors.ts';
import { jsonFault } from '../../domain/json-fault.ts';
import { createMask } from '../../domain/log-template/mask.ts';
import { type KeyedWindow, preAggregate } from '../../domain/log-window/pre-aggregate.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { PostHeaders, problems, ProjectParams } from '../schemas.ts';
import { acceptedLines, lineReader } from './lines.ts';
import { oneAtATime } from './one-at-a-time.ts';

/** Lines that are counted before other requests have their turn; windows of the same lines are merged later. */
const chunk = 500;
const mediaTypes = ['application/x-ndjson', 'application/ndjson'];

/** Batches of log lines. They are counted while the caller waits; the lines themselves are not kept. */
export function registerIngest(app: App, { db }: ApiDependencies): void {
  const mask = createMask();
  const inTurn = oneAtATime();
  app.addContentTypeParser(mediaTypes, { parseAs: 'string' }, (_request, body: string, done) =>
    done(null, { lines: body.split(/\r?\n/).flatMap((line) => (line.trim() === '' ? [] : [parsed(line)])) }),
  );
  app.post(
    '/ingest/logs',
    {
      config: { needs: 'log-window:write' },
      bodyLimit: 4 * 1024 * 1024,
      // A line that is not valid must not hold up the others: see acceptedLines.
      attachValidation: true,
      schema: {
        tags: ['log-windows'],
        summary: 'Count log lines by kind and window of time; the same batch again changes nothing',
        consumes: ['application/json', ...mediaTypes],
        params: ProjectParams,
        headers: PostHeaders,
        body: ref(LogBatchInput),
        response: { 200: ref(LogBatchResult), ...problems },
      },
    },
    async (request): Promise<LogBatchResult> => {
      const { project } = request.params;
      const { key, fingerprint } = idempotencyOf(request);
      const { lines, refused, errors } = acceptedLines(request.body, request.validationError, Date.now());
      if (lines.length === 0)
        throw new OpsError('invalid-input', 'no line of the batch is valid', { errors });
      const read = lineReader();
      const windows: KeyedWindow[] = [];
      for (let from = 0; from < lines.length; from += chunk) {
        windows.push(...preAggregate(lines.slice(from, from + chunk).map(read), mask));
        await setImmediate();
      }
      const batch = { project, batchId: key, fingerprint, lines: lines.length, windows };
      const added = await inTurn(project, () => addBatch(db, batch));
      return { accepted: added.lines, windows: added.windows, refused, errors };
    },
  );
}

/** What is no JSON is null, which is no line either. */
function parsed(line: string): LogLineInput | null {
  try {
    return jsonFault(line) === null ? (JSON.parse(line) as LogLineInput) : null;
  } catch {
    return null;
  }
}
