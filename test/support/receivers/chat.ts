import type { ServerResponse } from 'node:http';
import { flood, startHttpServer } from './http-server.ts';

export type ChatManner =
  'answer' | 'busy' | 'silent' | 'deny' | 'down' | 'crash' | 'refuse' | 'flood' | 'empty' | 'redirect';

export interface FakeChat {
  readonly url: string;
  readonly key: string;
  /** The bodies, the first first. */
  readonly bodies: readonly Readonly<Record<string, unknown>>[];
  behave(how: ChatManner): void;
  close(): Promise<void>;
}

/** A service that speaks the published contract of chat completions over real HTTP; it answers with `said` of the last message. */
export async function startFakeChat(said: (text: string) => string): Promise<FakeChat> {
  const key = 'fake-key-of-the-model-93ac';
  const bodies: Record<string, unknown>[] = [];
  let manner: ChatManner = 'answer';

  const server = await startHttpServer((request, text, response) => {
    if (manner === 'silent') return;
    if (manner === 'flood') return flood(response, 200, 'application/json');
    if (manner === 'busy') return say(response, 429, error('slow down'), { 'retry-after': '3' });
    if (manner === 'down') return say(response, 503, error('overloaded'));
    if (manner === 'crash') return say(response, 500, error('internal error'));
    if (manner === 'redirect') return say(response, 307, {}, { location: 'http://127.0.0.1:1/' });
    if (manner === 'refuse') return say(response, 400, error(`too long, says ${key}`));
    if (manner === 'deny' || request.headers.authorization !== `Bearer ${key}`)
      return say(response, 401, error(`wrong key ${key.slice(0, 8)}***`));
    if (request.method !== 'POST' || request.url !== '/v1/chat/completions')
      return say(response, 404, error('no such path'));
    const body = JSON.parse(text) as Record<string, unknown>;
    bodies.push(body);
    const messages = body['messages'] as { role: string; content: string }[];
    const content = said(messages.at(-1)?.content ?? '');
    const choice = { index: 0, finish_reason: 'stop', message: { role: 'assistant', content } };
    say(response, 200, {
      ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: body['model'] },
      choices: manner === 'empty' ? [] : [choice],
    });
  });
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    ...{ key, bodies },
    behave: (how) => void (manner = how),
    close: () => server.close(),
  };
}

function error(message: string) {
  return { error: { message, type: 'invalid_request_error', param: null, code: null } };
}

function say(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
