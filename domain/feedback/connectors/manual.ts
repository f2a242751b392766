import type { FeedbackInput } from '../../../contracts/feedback.ts';
import { contentName } from '../content-name.ts';
import type { Report } from '../report.ts';
import { reportOf, reports, type Connector } from './connector.ts';
import { listAt, textAt, timeAt, valueAt } from './fields.ts';

/** Programs of one's own: the body of POST /feedback, by whoever has the token of the source. */
export const manual: Connector = {
  proof: { kind: 'token', headers: ['x-holdfast-token'] },
  deliveryId: ({ headers }) => headers['idempotency-key'] ?? null,
  read({ body, now }) {
    const input = inputOf(body);
    if (input === null) return { kind: 'refused', pointer: '/title', detail: 'is required: a text' };
    return reports(readManual(input, now));
  },
};

/** What somebody typed or a program sent by our own API; `now` (ISO 8601) is its time where none is given. */
export function readManual(input: FeedbackInput, now: string): Report {
  const { title, body = '', kind = input.exception === undefined ? 'feedback' : 'error', externalId } = input;
  return reportOf({
    externalId: externalId ?? contentName({ kind, title, body }),
    kind,
    // With a name it is a thing that changes; without, something that happened and may happen again.
    nature: externalId === undefined ? 'event' : 'state',
    title,
    body,
    url: input.url ?? null,
    status: input.status ?? 'open',
    labels: input.labels ?? [],
    service: input.service ?? null,
    release: input.release ?? null,
    exception: input.exception === undefined ? null : { stack: null, ...input.exception },
    createdAt: input.at ?? now,
    metadata: input.metadata ?? {},
  });
}

/** What of a JSON or a row of a table is a report, in the words of POST /feedback; null without a title. */
export function inputOf(from: unknown): FeedbackInput | null {
  const title = textAt(from, 'title');
  if (title === null) return null;
  const [type, stack] = [textAt(from, 'exception', 'type'), textAt(from, 'exception', 'stack')];
  const message = textAt(from, 'exception', 'message') ?? title;
  const labels = valueAt(from, 'labels');
  return {
    title,
    ...present('body', textAt(from, 'body')),
    ...present('externalId', textAt(from, 'externalId') ?? textAt(from, 'id')),
    ...present('url', textAt(from, 'url')),
    ...present('service', textAt(from, 'service')),
    ...present('release', textAt(from, 'release')),
    ...present('at', timeAt(from, 'at') ?? timeAt(from, 'created_at')),
    ...(textAt(from, 'kind') === 'error' ? { kind: 'error' as const } : {}),
    ...(textAt(from, 'status') === 'closed' ? { status: 'closed' as const } : {}),
    // A list in JSON, one text with commas in a table.
    labels:
      typeof labels === 'string'
        ? labels
            .split(/[;,]/)
            .map((label) => label.trim())
            .filter((label) => label !== '')
        : listAt(from, 'labels').filter((label) => typeof label === 'string'),
    ...(type === null ? {} : { exception: { type, message, ...present('stack', stack) } }),
  };
}

function present<N extends string>(name: N, value: string | null): { [K in N]?: string } {
  return (value === null ? {} : { [name]: value }) as { [K in N]?: string };
}
