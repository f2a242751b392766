import type { Notice } from '../../contracts/notification.ts';
import { AddressRefused, type PrivateAddresses } from './address.ts';
import { attemptLimitMs, failed, refused, type Answer, type Notifier } from './notifier.ts';
import { post, type PostAnswer } from './post.ts';
import { retryAfterMs } from './retry-after.ts';
import { signedHeaders } from './signature.ts';

export interface WebhookOptions {
  readonly privateAddresses: PrivateAddresses;
  readonly limitMs?: number;
}

/** Signed POSTs (Standard Webhooks). Its headers are the same at every attempt, but for the time and what follows from it. */
export function createWebhookNotifier({
  privateAddresses,
  limitMs = attemptLimitMs,
}: WebhookOptions): Notifier {
  return {
    async deliver(notice, to, signal) {
      const url = URL.parse(to.target);
      if (url === null || !isSafe(url))
        return refused('the URL must begin with https:// (http only on loopback)');
      const body = bodyOf(notice);
      const seconds = Math.floor(Date.now() / 1000);
      const signature = signedHeaders(to.secret, { id: notice.id, seconds, body });
      if (signature === null) {
        return refused(
          'the secret is not whsec_ and 24 to 64 bytes in base64; several are parted by a space',
        );
      }
      const headers = { 'content-type': 'application/json', 'user-agent': 'holdfast', ...signature };
      const limit = AbortSignal.timeout(limitMs);
      try {
        const ended = AbortSignal.any([signal, limit]);
        return answerOf(await post({ url, headers, body, privateAddresses, signal: ended }));
      } catch (error) {
        return troubleOf(error, url, limit.aborted ? limitMs : null);
      }
    },
  };
}

function bodyOf({ type, at, title, data, id }: Notice): string {
  return JSON.stringify({ type, timestamp: at, data: { deliveryId: id, title, ...data } });
}

/** Where a name leads to is checked again when it is resolved; http must not leave the machine. */
function isSafe(url: URL): boolean {
  if (url.username !== '' || url.password !== '') return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && /^(localhost|\[::1\]|127(\.[0-9]{1,3}){3})$/.test(url.hostname);
}

function answerOf({ status, retryAfter, text }: PostAnswer): Answer {
  if (status >= 200 && status < 300) return { kind: 'accepted', status, note: null };
  const said = text.trim() === '' ? '' : `: ${text.trim().slice(0, 200)}`;
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return failed(`the receiver answered ${status}${said}`, status, retryAfterMs(retryAfter, Date.now()));
  }
  const why = status >= 300 && status < 400 ? '; redirects are not followed' : said;
  return refused(`the receiver answered ${status}${why}`, status);
}

/** A path or a query may be what only the receiver should know: the host alone is told. */
function troubleOf(error: unknown, { host }: URL, limitMs: number | null): Answer {
  if (error instanceof AddressRefused) return refused(error.message);
  if (limitMs !== null) return failed(`${host} gave no answer within ${limitMs / 1000} s`);
  const { code, message } = error as NodeJS.ErrnoException;
  return failed(`${host} could not be reached: ${code ?? message}`);
}
