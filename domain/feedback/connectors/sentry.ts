import type { Report, ReportedException } from '../report.ts';
import { ignored, reportOf, reports, type Connector, type Incoming, type Reading } from './connector.ts';
import { factsOf, listAt, textAt, timeAt, valueAt } from './fields.ts';

/** Webhooks of Sentry's integrations: every event counts for its issue, and changes of an issue are its state. */
export const sentry: Connector = {
  proof: {
    kind: 'signature',
    header: 'sentry-hook-signature',
    prefix: '',
    before: () => '',
    timestamp: { header: 'sentry-hook-timestamp', windowSeconds: 300 },
  },
  deliveryId(incoming) {
    // Two alert rules tell the same event twice, each with a request id of its own.
    const event = textAt(eventOf(incoming), 'event_id');
    return event === null ? (incoming.headers['request-id'] ?? null) : `event/${event}`;
  },
  read(incoming) {
    const event = eventOf(incoming);
    if (event !== undefined) return readEvent(event, incoming);
    return incoming.headers['sentry-hook-resource'] === 'issue' ? readIssue(incoming) : ignored;
  },
};

function eventOf({ headers, body }: Incoming): unknown {
  switch (headers['sentry-hook-resource']) {
    case 'event_alert':
      return valueAt(body, 'data', 'event');
    case 'error':
      return valueAt(body, 'data', 'error');
    default:
      return undefined;
  }
}

function readEvent(event: unknown, { now }: Incoming): Reading {
  const exception = exceptionOf(event);
  const title = titleOf(event, exception);
  const issue = textAt(event, 'issue_id') ?? textAt(event, 'issue', 'id') ?? textAt(event, 'groupID');
  const ownGroup = listAt(event, 'fingerprint').filter((part): part is string => typeof part === 'string');
  return reports(
    reportOf({
      ...{ externalId: issue ?? `content/${title}`, kind: 'error', nature: 'event', title },
      createdAt: timeAt(event, 'datetime') ?? timeAt(event, 'timestamp') ?? now,
      body: [textAt(event, 'culprit'), textAt(event, 'message'), exception?.stack ?? null]
        .filter((part) => part !== null)
        .join('\n'),
      url: textAt(event, 'web_url'),
      labels: ['level', 'environment'].flatMap((name) => tagOf(event, name) ?? []),
      service: textAt(event, 'project_slug') ?? tagOf(event, 'service') ?? tagOf(event, 'server_name'),
      release: textAt(event, 'release') ?? tagOf(event, 'release'),
      exception,
      clientFingerprint: isOwn(ownGroup) ? ownGroup.join(' ') : null,
      metadata: factsOf({ level: textAt(event, 'level') ?? tagOf(event, 'level') }),
    }),
  );
}

/** Sentry's own default says nothing. */
function isOwn(fingerprint: readonly string[]): boolean {
  return fingerprint.length > 0 && !fingerprint.some((part) => /default/.test(part) && part.includes('{{'));
}

/** The innermost exception stands last. */
function exceptionOf(event: unknown): ReportedException | null {
  const value = listAt(event, 'exception', 'values').at(-1);
  const type = textAt(value, 'type');
  const message = textAt(value, 'value');
  if (type === null && message === null) return null;
  const stack = stackOf(listAt(value, 'stacktrace', 'frames'), `${type ?? 'Error'}: ${message ?? ''}`);
  return { type: type ?? 'Error', message: message ?? '', stack };
}

/** Frames come with the innermost last; the text has it first. The project's own are told where Sentry knows them. */
function stackOf(frames: readonly unknown[], heading: string): string | null {
  const own = frames.filter((frame) => valueAt(frame, 'in_app') === true);
  const chosen = (own.length > 0 ? own : frames).toReversed().slice(0, 50);
  if (chosen.length === 0) return null;
  return [heading, ...chosen.map(frameLine)].join('\n');
}

function frameLine(frame: unknown): string {
  const place = textAt(frame, 'filename') ?? textAt(frame, 'module') ?? '?';
  return `    at ${textAt(frame, 'function') ?? '<anonymous>'} (${place}:${textAt(frame, 'lineno') ?? 0}:${textAt(frame, 'colno') ?? 0})`;
}

function titleOf(event: unknown, exception: ReportedException | null): string {
  if (exception !== null)
    return exception.message === '' ? exception.type : `${exception.type}: ${exception.message}`;
  const said = textAt(event, 'logentry', 'formatted') ?? textAt(event, 'message');
  return textAt(event, 'title') ?? said ?? textAt(event, 'culprit') ?? 'Sentry event';
}

function tagOf(event: unknown, name: string): string | null {
  const tag = listAt(event, 'tags').find(
    (pair) => textAt(pair, '0') === name || textAt(pair, 'key') === name,
  );
  return textAt(tag, '1') ?? textAt(tag, 'value');
}

function readIssue({ headers, body, now }: Incoming): Reading {
  const issue = valueAt(body, 'data', 'issue');
  const [id, title] = [textAt(issue, 'id'), textAt(issue, 'title')];
  if (id === null || title === null) return ignored;
  const at = timeAt(headers, 'sentry-hook-timestamp') ?? now;
  const state: Partial<Report> = {
    status: textAt(issue, 'status') === 'resolved' ? 'closed' : 'open',
    url: textAt(issue, 'permalink') ?? textAt(issue, 'web_url'),
    body: textAt(issue, 'culprit') ?? '',
    service: textAt(issue, 'project', 'slug'),
    labels: [textAt(issue, 'level')].filter((level) => level !== null),
    metadata: factsOf({ level: textAt(issue, 'level'), shortId: textAt(issue, 'shortId') }),
  };
  const createdAt = timeAt(issue, 'firstSeen') ?? at;
  return reports(
    reportOf({
      ...{ externalId: id, kind: 'error', nature: 'state', title, createdAt, updatedAt: at },
      ...state,
    }),
  );
}
