import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { AddressInfo } from 'node:net';
import type { Manner, Received, Receiver } from './receiver.ts';

export interface MailServer extends Receiver {
  /** Messages as they came, headers first. */
  readonly raw: readonly string[];
  readonly recipients: readonly string[][];
}

/** A real SMTP server in this process, with a login. `secure`: TLS with a certificate that nobody vouches for. */
export async function startMailServer(
  options: SMTPServerOptions = {},
  account = 'p@ss word',
): Promise<MailServer> {
  const raw: string[] = [];
  const recipients: string[][] = [];
  let manner: Manner = 'accept';
  let tries = 0;
  const server = new SMTPServer({
    authMethods: ['PLAIN', 'LOGIN'],
    allowInsecureAuth: true,
    logger: false,
    closeTimeout: 100,
    onConnect(_session, done) {
      tries += 1;
      if (manner !== 'silent') done();
    },
    onAuth: ({ username, password }, _session, done) =>
      username === 'holdfast@example.org' && password === account
        ? done(null, { user: username })
        : done(Object.assign(new Error('wrong password'), { responseCode: 535 })),
    onRcptTo({ address }, _session, done) {
      const code = address.startsWith('nobody') || manner === 'refuse' ? 550 : codeOf(manner);
      if (code === null) return done();
      const text = manner === 'flood' ? 'x'.repeat(512 * 1024) : 'not taken';
      done(Object.assign(new Error(text), { responseCode: code }));
    },
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        raw.push(Buffer.concat(parts).toString('utf8'));
        recipients.push(session.envelope.rcptTo.map(({ address }) => address));
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.server.address() as AddressInfo;
  const scheme = options.secure === true ? 'smtps' : 'smtp';
  return {
    target: 'ann@example.org, bob@example.org',
    secret: `${scheme}://${encodeURIComponent('holdfast@example.org')}:${encodeURIComponent(account)}@127.0.0.1:${port}`,
    raw,
    recipients,
    received: () => raw.map(receivedOf),
    tries: () => tries,
    behave: (how) => void (manner = how),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

function codeOf(manner: Manner): number | null {
  return manner === 'accept' ? null : 451;
}

function receivedOf(message: string): Received {
  const id = /^x-holdfast-delivery: (.*)$/im.exec(message)?.[1] ?? '';
  const subject = decodeWords(headerOf(message, 'subject'));
  return { id: id.trim(), text: `${subject}\n${textOf(message)}` };
}

/** A header with its folded lines. */
export function headerOf(message: string, name: string): string {
  const found = new RegExp(`^${name}: (.*(?:\\r\\n[ \\t].*)*)`, 'im').exec(message);
  return (found?.[1] ?? '').replace(/\r\n[ \t]/g, ' ');
}

/** The part for people without HTML. */
function textOf(message: string): string {
  const part = /Content-Type: text\/plain[^]*?\r\n\r\n([^]*?)\r\n--/i.exec(message);
  const head = part?.[0] ?? '';
  const text = part?.[1] ?? '';
  if (/quoted-printable/i.test(head)) return decodeQuoted(text.replace(/=\r\n/g, ''));
  return /transfer-encoding: base64/i.test(head) ? Buffer.from(text, 'base64').toString('utf8') : text;
}

function decodeWords(header: string): string {
  return header
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([qb])\?(.*?)\?=/gi, (_all, how: string, text: string) =>
      how.toLowerCase() === 'b'
        ? Buffer.from(text, 'base64').toString('utf8')
        : decodeQuoted(text.replaceAll('_', ' ')),
    );
}

function decodeQuoted(text: string): string {
  const bytes = text.replace(/=([0-9A-F]{2})/gi, (_all, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
