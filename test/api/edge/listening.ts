import { once } from 'node:events';
import { connect as dial, type AddressInfo, type Socket } from 'node:net';
import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { expect } from 'vitest';
import type { HttpLimits } from '../../../api/http-limits.ts';
import type { Signer } from '../../../api/signer.ts';
import { apiUnderTest, type ApiUnderTest } from '../support.ts';

export interface ListeningApi extends ApiUnderTest {
  readonly port: number;
  readonly url: string;
  /** Everything that was logged, at the most talkative level. */
  logs(): string;
  /** Requests that are not answered to the end. */
  busy(): number;
  connections(): Promise<number>;
  /** A connection on which nothing was said yet. */
  open(): Promise<Socket>;
  /** Writes raw bytes on a connection of their own; all that comes back until the API closes it, or has answered `answers` times. */
  send(bytes: string | Buffer, answers?: number): Promise<RawAnswer[]>;
  /** A good request on a fresh connection is answered as ever. */
  isWell(): Promise<void>;
}

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** The API on a socket of its own, so that what Node and the operating system do is in the test, too. */
export async function listeningApi(
  options: Omit<NonNullable<Parameters<typeof apiUnderTest>[0]>, 'edges'> & {
    limits?: Partial<HttpLimits>;
    signer?: Signer;
  } = {},
): Promise<ListeningApi> {
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const { limits = {}, signer, ...rest } = options;
  const api = await apiUnderTest({
    ...rest,
    edges: { logger, httpLimits: limits, ...(signer === undefined ? {} : { signer }) },
  });
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = api.app.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  let busy = 0;
  api.app.server.on('request', (_request, response: ServerResponse) => {
    busy += 1;
    response.once('close', () => (busy -= 1));
  });
  const open = async (): Promise<Socket> => {
    const socket = dial(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  return {
    ...api,
    port,
    url,
    busy: () => busy,
    connections: () => promisify(api.app.server.getConnections.bind(api.app.server))(),
    logs: () => lines.join(''),
    open,
    async send(bytes, answers = 1) {
      const socket = await open();
      socket.write(bytes);
      try {
        return await answersOf(socket, answers);
      } finally {
        socket.destroy();
      }
    },
    async isWell() {
      const headers = { authorization: `Bearer ${api.key}`, connection: 'close' };
      const answer = await fetch(`${url}/v1/projects/default/services`, { headers });
      expect([answer.status, Object.keys((await answer.json()) as object)]).toEqual([200, ['items']]);
    },
    async close() {
      api.app.server.closeAllConnections();
      await api.close();
    },
  };
}

/** What a raw request has on top; `extra` lines end without CR LF. */
export function head(key: string, requestLine: string, ...extra: string[]): string {
  return [requestLine, 'Host: holdfast.test', `Authorization: Bearer ${key}`, ...extra, '', ''].join('\r\n');
}

/** Ends with the connection, or when there are enough. */
export async function answersOf(socket: Socket, enough: number): Promise<RawAnswer[]> {
  let text = '';
  try {
    for await (const part of socket.setEncoding('latin1')) {
      text += String(part);
      if (split(text).length >= enough) break;
    }
  } catch {
    // A reset ends it as well as a close.
  }
  return split(text);
}

/** Whole answers only. */
function split(text: string): RawAnswer[] {
  const found: RawAnswer[] = [];
  let rest = text;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return found;
    const top = rest.slice(0, end);
    const length = Number(/^content-length: (\d+)/im.exec(top)?.[1] ?? 0);
    if (rest.length < end + 4 + length) return found;
    found.push({ status: Number(top.split(' ')[1]), head: top, body: rest.slice(end + 4, end + 4 + length) });
    rest = rest.slice(end + 4 + length);
  }
}
