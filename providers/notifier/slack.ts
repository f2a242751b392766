import {
  LogLevel,
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebClient,
} from '@slack/web-api';
import type { Notice } from '../../contracts/notification.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { attemptLimitMs, failed, refused, type Answer, type Notifier } from './notifier.ts';
import { slackBlocks, slackText } from './slack-message.ts';

export interface SlackOptions {
  /** Where Slack's methods are, with a slash at the end. */
  readonly apiUrl: string;
  readonly limitMs?: number;
}

/** Messages by `chat.postMessage`. Buttons are links, never an action: a click in Slack answers no gate. */
export function createSlackNotifier({ apiUrl, limitMs = attemptLimitMs }: SlackOptions): Notifier {
  return {
    async deliver(notice, to, signal) {
      if (!/^xox[a-z]-[A-Za-z0-9-]+$/.test(to.secret))
        return refused("the secret is not a bot's token xoxb-…");
      const ended = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
      const client = new WebClient(to.secret, {
        slackApiUrl: apiUrl,
        allowAbsoluteUrls: false,
        logLevel: LogLevel.ERROR,
        // Temporal retries.
        retryConfig: { retries: 0 },
        rejectRateLimitedCalls: true,
        fetch: boundedFetch(ended),
      });
      try {
        await client.apiCall('chat.postMessage', messageOf(notice, to.target));
        return { kind: 'accepted', status: 200, note: null };
      } catch (error) {
        return ended.aborted && !signal.aborted
          ? failed(`Slack gave no answer within ${limitMs / 1000} s`)
          : troubleOf(error);
      }
    },
  };
}

function messageOf(notice: Notice, channel: string): Record<string, unknown> {
  return {
    channel,
    text: slackText(notice),
    blocks: slackBlocks(notice),
    // Slack knows a message that it has seen by this; the metadata is for programs that read the channel.
    client_msg_id: uuidOf(notice.id),
    metadata: { event_type: 'holdfast_delivery', event_payload: { delivery_id: notice.id } },
    parse: 'none',
    unfurl_links: false,
    unfurl_media: false,
  };
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID has the 128 bits of a UUID. */
export function uuidOf(ulid: string): string {
  const bits = [...ulid].reduce((sum, letter) => sum * 32n + BigInt(alphabet.indexOf(letter)), 0n);
  const hex = bits.toString(16).padStart(32, '0').slice(-32);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** What may go well later; every other error of the platform would come again. */
const passing = new Set([
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
  'org_login_required',
  'ekm_access_denied',
]);

function troubleOf(error: unknown): Answer {
  if (error instanceof WebAPIRateLimitedError) {
    return failed('Slack asks for fewer messages', 429, error.retryAfter * 1000);
  }
  if (error instanceof WebAPIPlatformError) {
    const reason = error.data.error.slice(0, 200);
    return passing.has(reason) ? failed(`Slack says ${reason}`, 200) : refused(`Slack says ${reason}`, 200);
  }
  if (error instanceof WebAPIHTTPError) {
    const { statusCode } = error;
    const reason = `Slack answered ${statusCode}`;
    return statusCode >= 500 || statusCode === 408 ? failed(reason, statusCode) : refused(reason, statusCode);
  }
  return failed(`Slack could not be reached: ${innermost(error)}`);
}

function innermost(error: unknown): string {
  let inner = error as { message?: string; code?: string; original?: unknown; cause?: unknown };
  for (let next = inner.original ?? inner.cause; next instanceof Error; next = inner.cause) inner = next;
  return inner.code ?? inner.message ?? 'unknown';
}
