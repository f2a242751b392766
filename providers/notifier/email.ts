import { createTransport, type SMTPTransportOptions } from 'nodemailer';
import type { Notice } from '../../contracts/notification.ts';
import { emailHtml, emailText } from './email-message.ts';
import { attemptLimitMs, failed, refused, type Answer, type Destination, type Notifier } from './notifier.ts';

export interface EmailOptions {
  readonly limitMs?: number;
}

/** Mail by the server whose URL is the channel's secret. The message-id is made of the delivery's id. */
export function createEmailNotifier({ limitMs = attemptLimitMs }: EmailOptions = {}): Notifier {
  return {
    async deliver(notice, to, signal) {
      const server = serverOf(to.secret);
      if (server === null)
        return refused('the secret is not the URL of a mail server, smtps://user:password@host');
      const limit = AbortSignal.timeout(limitMs);
      const transport = createTransport(optionsOf(server, limitMs));
      try {
        const from = to.sender ?? senderOf(server);
        const info = await transport.sendMail({
          ...messageOf(notice, to, from),
          signal: AbortSignal.any([signal, limit]),
        });
        const rejected = info.rejected.length === 0 ? null : `not to ${info.rejected.join(', ')}`;
        return { kind: 'accepted', status: statusOf(info.response), note: rejected };
      } catch (error) {
        return limit.aborted
          ? failed(`the mail server gave no answer within ${limitMs / 1000} s`)
          : troubleOf(error);
      } finally {
        transport.close();
      }
    },
  };
}

function optionsOf(server: Server, limitMs: number): SMTPTransportOptions {
  return {
    ...server,
    connectionTimeout: limitMs,
    greetingTimeout: limitMs,
    socketTimeout: limitMs,
    dnsTimeout: limitMs,
    maxResponseSize: 64 * 1024,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

type Server = NonNullable<ReturnType<typeof serverOf>>;

/** Options from the URL, one by one: its query sets none. A password goes over an encrypted connection, or does not leave the machine. */
function serverOf(secret: string) {
  const url = URL.parse(secret.trim());
  if (url === null || (url.protocol !== 'smtp:' && url.protocol !== 'smtps:') || url.hostname === '')
    return null;
  const secure = url.protocol === 'smtps:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isLocal = host === 'localhost' || host === '::1' || /^127(\.[0-9]{1,3}){3}$/.test(host);
  const [user, pass] = [decoded(url.username), decoded(url.password)];
  if (user === null || pass === null) return null;
  const auth = user === '' ? undefined : { user, pass };
  return {
    host,
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: !secure && !isLocal,
    ignoreTLS: !secure && isLocal,
    auth,
  };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function senderOf({ auth, host }: Server): string {
  return auth?.user.includes('@') === true ? auth.user : `holdfast@${host}`;
}

function messageOf(notice: Notice, to: Destination, from: string) {
  return {
    from: { name: 'Holdfast', address: from },
    to: to.target.split(',').map((address) => ({ name: '', address: address.trim() })),
    subject: notice.title,
    messageId: `<${notice.id}@${from.slice(from.indexOf('@') + 1)}>`,
    date: new Date(notice.at),
    text: emailText(notice),
    html: emailHtml(notice),
    headers: { 'auto-submitted': 'auto-generated', 'x-holdfast-delivery': notice.id },
  };
}

function statusOf(response: string): number | null {
  const status = Number(response.slice(0, 3));
  return Number.isInteger(status) && status > 0 ? status : null;
}

/** SMTP says by its first digit whether to come again: 4 yes, 5 no. Without an answer it is tried again. */
function troubleOf(error: unknown): Answer {
  const { responseCode, code, message } = error as {
    responseCode?: number;
    code?: string;
    message: string;
  };
  if (responseCode === undefined) return failed(`the mail server could not be reached: ${code ?? message}`);
  const reason = `the mail server answered ${responseCode}${code === undefined ? '' : ` (${code})`}`;
  return responseCode >= 500 ? refused(reason, responseCode) : failed(reason, responseCode);
}
