import { flood, startHttpServer } from './http-server.ts';
import type { Manner, Received, Receiver } from './receiver.ts';

export interface FakeSlack extends Receiver {
  readonly apiUrl: string;
  readonly messages: readonly SlackMessage[];
}

export interface SlackMessage {
  readonly channel: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly metadata: { readonly event_payload: { readonly delivery_id: string } };
  readonly client_msg_id: string;
}

interface Text {
  readonly type: 'plain_text' | 'mrkdwn';
  readonly text: string;
}

interface Block {
  readonly type: string;
  readonly text?: Text;
  readonly elements?: readonly (Text & { readonly url?: string; readonly value?: string })[];
}

/**
 * Slack's `chat.postMessage` as published (docs.slack.dev): form-encoded, bearer token, `ok` in the body, errors by name, limits of the
 * blocks. What the real one would refuse, this one refuses.
 */
export async function startFakeSlack(token = 'xoxb-1234-fake'): Promise<FakeSlack> {
  const messages: SlackMessage[] = [];
  let manner: Manner = 'accept';
  let tries = 0;
  const server = await startHttpServer((request, body, response) => {
    tries += 1;
    if (manner === 'silent') return;
    if (manner === 'flood') return flood(response, 200, 'application/json');
    if (manner === 'busy') return void response.writeHead(503).end('maintenance');
    if (manner === 'busy for 3 s') {
      response.writeHead(429, { 'retry-after': '3' }).end('{"ok":false,"error":"ratelimited"}');
      return;
    }
    const answer = (content: object): void =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(content));
    const message = messageOf(new URLSearchParams(body));
    const error = manner === 'refuse' ? 'channel_not_found' : faultOf(token, request, message);
    if (error !== null) return answer({ ok: false, error });
    messages.push(message);
    answer({ ok: true, channel: 'C0123456789', ts: `${messages.length}.000100`, message: {} });
  });
  return {
    apiUrl: `http://127.0.0.1:${server.port}/api/`,
    target: '#deploys',
    secret: token,
    messages,
    received: () => messages.map(receivedOf),
    tries: () => tries,
    behave: (how) => void (manner = how),
    close: () => server.close(),
  };
}

function messageOf(form: URLSearchParams): SlackMessage {
  const json = (name: string): unknown => JSON.parse(form.get(name) ?? 'null');
  return {
    channel: form.get('channel') ?? '',
    text: form.get('text') ?? '',
    blocks: (json('blocks') ?? []) as Block[],
    metadata: json('metadata') as SlackMessage['metadata'],
    client_msg_id: form.get('client_msg_id') ?? '',
  };
}

function faultOf(
  token: string,
  request: { url?: string | undefined; headers: { authorization?: string | undefined } },
  { channel, blocks, text, client_msg_id: id }: SlackMessage,
): string | null {
  if (request.url !== '/api/chat.postMessage') return 'unknown_method';
  if (request.headers.authorization !== `Bearer ${token}`) return 'invalid_auth';
  if (channel === '') return 'channel_not_found';
  if (text === '') return 'no_text';
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return 'invalid_arguments';
  return blocks.length > 50 || blocks.some((block) => !isValid(block)) ? 'invalid_blocks' : null;
}

function isValid({ type, text, elements = [] }: Block): boolean {
  switch (type) {
    case 'header':
      return text?.type === 'plain_text' && isBetween(text.text, 1, 150);
    case 'section':
      return text !== undefined && isBetween(text.text, 1, 3000);
    case 'actions':
      return elements.length <= 25 && elements.every((button) => isBetween(button.url ?? '', 1, 3000));
    case 'context':
      return elements.length <= 10;
    default:
      return false;
  }
}

function isBetween(text: string, least: number, most: number): boolean {
  return text.length >= least && text.length <= most;
}

function receivedOf({ blocks, metadata }: SlackMessage): Received {
  const shown = blocks.flatMap(({ text, elements = [] }) => [
    ...(text === undefined ? [] : [shownOf(text)]),
    ...elements.map((element) => element.url ?? shownOf(element)),
  ]);
  return { id: metadata.event_payload.delivery_id, text: shown.join('\n') };
}

/** What a person sees: mrkdwn shows its three escapes as the letters they stand for. */
function shownOf({ type, text }: Text): string {
  if (type !== 'mrkdwn') return text;
  return text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
}
