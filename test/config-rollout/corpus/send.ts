import { type Agent, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { shopHost } from './shop.ts';

export interface Sent {
  readonly port: number;
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isTls?: true;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** What a proxy answers to a request of the shop. Rejects when it does not. */
export function send(address: string, sent: Sent, agent: Agent | false = false): Promise<Answered> {
  const { port, path, method = 'GET', body, headers, isTls } = sent;
  const options: RequestOptions = {
    ...{ host: address, port, path, method, timeout: 4000 },
    headers: { host: shopHost, ...headers },
  };
  return new Promise((resolve, reject) => {
    // Nobody has signed what the nodes of a test show.
    const outgoing = isTls
      ? httpsRequest({ ...options, agent: false, rejectUnauthorized: false })
      : httpRequest({ ...options, agent });
    outgoing.once('response', (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part)).once('error', reject);
      incoming.once('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(parts).toString(),
        }),
      );
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`${address}:${port} does not answer`)));
    outgoing.once('error', reject).end(body);
  });
}
