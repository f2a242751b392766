import { contentName } from '../content-name.ts';
import type { ReportedException } from '../report.ts';
import { ignored, reportOf, reports, type Connector } from './connector.ts';
import { factsOf, listAt, textAt, timeAt, valueAt } from './fields.ts';

/** Webhook destinations of PostHog: exceptions, answers to surveys, and whatever other event somebody chose to send. */
export const posthog: Connector = {
  proof: { kind: 'token', headers: ['x-holdfast-token'] },
  deliveryId: ({ body }) => textAt(eventOf(body), 'uuid'),
  read({ body, now }) {
    const event = eventOf(body);
    const name = textAt(event, 'event');
    if (name === null) return ignored;
    const properties = valueAt(event, 'properties');
    const exception = name === '$exception' ? exceptionOf(properties) : null;
    const kind = exception === null ? 'feedback' : 'error';
    const answer = textAt(properties, '$survey_response');
    const title = exception === null ? (answer ?? name) : `${exception.type}: ${exception.message}`;
    const about = answer === null ? '' : (textAt(properties, '$survey_name') ?? '');
    const group = textAt(properties, '$exception_fingerprint');
    return reports(
      reportOf({
        ...{ externalId: group ?? contentName({ kind, title, body: about }), kind, nature: 'event', title },
        body: about,
        createdAt: timeAt(event, 'timestamp') ?? now,
        url: textAt(properties, '$current_url') ?? textAt(event, 'url'),
        service: textAt(properties, '$lib'),
        release: textAt(properties, '$app_version'),
        exception,
        clientFingerprint: group,
        metadata: factsOf({ event: name, level: textAt(properties, '$level') }),
      }),
    );
  },
};

/** A destination sends the event alone or beside its person. */
function eventOf(body: unknown): unknown {
  const inner = valueAt(body, 'event');
  return typeof inner === 'object' && inner !== null ? inner : body;
}

function exceptionOf(properties: unknown): ReportedException {
  const [first] = listAt(properties, '$exception_list');
  return {
    type: textAt(first, 'type') ?? textAt(properties, '$exception_type') ?? 'Error',
    message: textAt(first, 'value') ?? textAt(properties, '$exception_message') ?? '',
    stack: null,
  };
}
