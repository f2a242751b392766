import { isoTime } from '../iso-time.ts';
import { ignored, reportOf, reports, type Connector } from './connector.ts';
import { factsOf, textAt, valueAt } from './fields.ts';

/** The Events API of Slack: messages that people write into channels where the app is. Answers in a thread are no reports of their own. */
export const slack: Connector = {
  proof: {
    kind: 'signature',
    header: 'x-slack-signature',
    prefix: 'v0=',
    before: (timestamp) => `v0:${timestamp}:`,
    timestamp: { header: 'x-slack-request-timestamp', windowSeconds: 300 },
  },
  deliveryId: ({ body }) => textAt(body, 'event_id'),
  read({ body }) {
    const challenge = textAt(body, 'challenge');
    if (textAt(body, 'type') === 'url_verification' && challenge !== null)
      return { kind: 'challenge', challenge };
    const event = valueAt(body, 'event');
    if (textAt(body, 'type') !== 'event_callback' || textAt(event, 'type') !== 'message') return ignored;
    const subtype = textAt(event, 'subtype');
    const channel = textAt(event, 'channel') ?? '';
    const message = messageOf(event, subtype);
    const ts = textAt(message, 'ts');
    const thread = textAt(message, 'thread_ts');
    const isReply = thread !== null && thread !== ts;
    if (ts === null || isReply || textAt(message, 'bot_id') !== null) return ignored;
    const text = textAt(message, 'text') ?? '';
    return reports(
      reportOf({
        ...{ externalId: `${textAt(body, 'team_id') ?? ''}/${channel}/${ts}`, kind: 'feedback' },
        ...{ nature: 'state', title: firstLine(text), body: text, createdAt: timeOf(ts) },
        status: subtype === 'message_deleted' ? 'closed' : 'open',
        updatedAt: timeOf(textAt(event, 'ts') ?? ts),
        metadata: factsOf({ channel }),
      }),
    );
  },
};

function messageOf(event: unknown, subtype: string | null): unknown {
  switch (subtype) {
    case null:
    case 'file_share':
    case 'thread_broadcast':
      return event;
    case 'message_changed':
      return valueAt(event, 'message');
    case 'message_deleted':
      return valueAt(event, 'previous_message');
    default:
      return undefined;
  }
}

/** Slack's timestamps are seconds with six digits that only make them unique. */
function timeOf(ts: string): string {
  return isoTime(Number(ts) * 1000 || 0);
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length <= 120 ? line : `${line.slice(0, 119)}…`;
}
