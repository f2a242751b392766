import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';
import { isIP } from 'node:net';
import type { SampledRequest, ShadowAnswer } from '../../domain/config-document/impact.ts';
import type { ShadowBind } from '../../domain/config-document/shadow-config.ts';

/** A bind and the socket that stands for it. */
export interface Target extends ShadowBind {
  readonly socket: string;
}

const atOnce = 16;
const answerMs = 10_000;
/** A connection is kept for each name that a bind was asked for by TLS, and the shadow takes 2,000 of them. */
const mostKept = 500;

/** Names that `domain/config-document/render/places.ts` gives. */
const headerOf = { route: 'x-holdfast-route', backend: 'x-holdfast-backend' };
/** Of the message and not of what it says. */
const ofTransport = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding']);
/** They would promise a body that we do not have, or are written by the client itself. */
const notSent = new Set([...ofTransport, 'expect', 'host', 'te', 'trailer', 'upgrade']);

/** Asks each request at the bind with its port, a few at once; the answers are in the order of the requests. */
export async function replayAll(
  requests: readonly SampledRequest[],
  targets: readonly Target[],
  ignored: readonly string[],
  signal: AbortSignal,
): Promise<ShadowAnswer[]> {
  const names = new Set(requests.map(({ port, host }) => `${port} ${host}`));
  const tls = new TlsAgent({ keepAlive: names.size <= mostKept, maxFreeSockets: 1 });
  const agents = { plain: new Agent({ keepAlive: true }), tls };
  const answers: ShadowAnswer[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < requests.length; index = next++) {
      signal.throwIfAborted();
      const request = requests[index];
      const target = targets.find(({ port }) => port === request?.port);
      if (request === undefined) return;
      answers[index] = target === undefined ? nobody : await ask(request, target, agents, ignored, signal);
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
    return answers;
  } finally {
    agents.plain.destroy();
    agents.tls.destroy();
  }
}

const nobody: ShadowAnswer = { status: null, route: null, backend: null, headers: {}, body: '' };

function ask(
  request: SampledRequest,
  target: Target,
  agents: { readonly plain: Agent; readonly tls: TlsAgent },
  ignored: readonly string[],
  signal: AbortSignal,
): Promise<ShadowAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = open(request, target, agents, signal);
    outgoing.once('response', (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part)).once('error', reject);
      incoming.once('end', () => resolve(answerOf(incoming, Buffer.concat(parts).toString(), ignored)));
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${answerMs} ms`)));
    // Also of one that ends without any of these, as a tunnel does.
    outgoing.once('close', () => reject(new Error(`no answer to ${request.method} ${request.path}`)));
    outgoing.once('error', reject).end();
  });
}

function open(
  { method, host, path, headers }: SampledRequest,
  { socket, isTls }: Target,
  agents: { readonly plain: Agent; readonly tls: TlsAgent },
  signal: AbortSignal,
): ClientRequest {
  const sent = Object.entries(headers).filter(([name]) => !notSent.has(name.toLowerCase()));
  const options = {
    socketPath: socket,
    method,
    path,
    headers: { ...Object.fromEntries(sent), host },
    timeout: answerMs,
    signal,
  };
  if (!isTls) return httpRequest({ ...options, agent: agents.plain });
  // A stub is trusted by nobody, and nobody else can stand on a socket of our folder.
  const name = host.replace(/:\d+$/, '');
  const servername = isIP(name) === 0 ? name : undefined;
  return httpsRequest({ ...options, agent: agents.tls, rejectUnauthorized: false, servername });
}

function answerOf(incoming: IncomingMessage, body: string, ignored: readonly string[]): ShadowAnswer {
  const { statusCode = 0, headers } = incoming;
  const shown = Object.entries(headers).filter(
    ([name]) => !ofTransport.has(name) && !ignored.includes(name) && !Object.values(headerOf).includes(name),
  );
  const told = (name: string): string | null => String(headers[name] ?? '') || null;
  return {
    status: statusCode,
    route: told(headerOf.route),
    backend: told(headerOf.backend),
    headers: Object.fromEntries(shown.map(([name, value]) => [name, String(value)])),
    body,
  };
}
