import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

export type Handle = (request: IncomingMessage, body: string, response: ServerResponse) => void;

/** A real server on a free port of loopback; the handler gets the whole body. */
export async function startHttpServer(handle: Handle): Promise<HttpServer> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => handle(request, Buffer.concat(parts).toString('utf8'), response));
    response.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Talks until the other side has had enough. */
export function flood(response: ServerResponse, status: number, type: string): void {
  response.writeHead(status, { 'content-type': type });
  const part = 'x'.repeat(64 * 1024);
  const more = (): void => {
    while (!response.destroyed && response.write(part));
  };
  response.on('drain', more);
  more();
}
