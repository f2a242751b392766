import { Webhook } from 'standardwebhooks';
import { flood, startHttpServer } from './http-server.ts';
import type { Manner, Received, Receiver } from './receiver.ts';

export interface WebhookReceiver extends Receiver {
  readonly headers: readonly Readonly<Record<string, unknown>>[];
  readonly bodies: readonly string[];
  /** The next answers are these statuses, one each; then it behaves as told. */
  answerWith(...statuses: number[]): void;
}

const manners: Readonly<Record<Exclude<Manner, 'silent' | 'flood'>, [number, Record<string, string>]>> = {
  accept: [204, {}],
  busy: [503, {}],
  'busy for 3 s': [429, { 'retry-after': '3' }],
  refuse: [410, {}],
};

/** Takes signed messages only; the signature is checked by the reference library of Standard Webhooks, not by ours. */
export async function startWebhookReceiver(
  secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
): Promise<WebhookReceiver> {
  const verifier = new Webhook(secret);
  const taken: Received[] = [];
  const headers: Record<string, unknown>[] = [];
  const bodies: string[] = [];
  const next: number[] = [];
  let manner: Manner = 'accept';
  let tries = 0;
  const server = await startHttpServer((request, body, response) => {
    tries += 1;
    headers.push(request.headers);
    bodies.push(body);
    if (manner === 'silent') return;
    if (manner === 'flood') return flood(response, 500, 'text/plain');
    const [status, more] = next.length > 0 ? ([next.shift() ?? 500, {}] as const) : manners[manner];
    if (status >= 300) return void response.writeHead(status, more).end('not now');
    try {
      const message = verifier.verify(body, request.headers as Record<string, string>) as Message;
      const { title, summary, command, link } = message.data;
      taken.push({
        id: String(request.headers['webhook-id']),
        text: [title, summary, command, link].join('\n'),
      });
      response.writeHead(status, more).end();
    } catch (error) {
      response.writeHead(401).end(String(error));
    }
  });
  return {
    target: `http://127.0.0.1:${server.port}/hooks?token=of-the-path`,
    secret,
    headers,
    bodies,
    received: () => taken,
    tries: () => tries,
    behave: (how) => void (manner = how),
    answerWith: (...statuses) => void next.push(...statuses),
    close: () => server.close(),
  };
}

interface Message {
  readonly data: Readonly<Record<'title' | 'summary' | 'command' | 'link', string>>;
}
