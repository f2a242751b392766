import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the parent tells: from now on this bundle is handed out. */
export interface BareOffer {
  readonly tag: string;
  readonly text: string;
}

/** The protocol and nothing behind it: nobody is known, nothing is kept. The floor of what a push can take on this machine. */
const waiting = new Set<ServerResponse>();
let offered: BareOffer | null = null;

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    request.resume();
    request.once('end', () => response.writeHead(204).end());
  } else if (offered !== null && request.headers['if-none-match'] !== offered.tag) {
    give(response, offered);
  } else {
    waiting.add(response);
    const timer = setTimeout(() => response.writeHead(304).end(), 25_000);
    response.once('close', () => {
      clearTimeout(timer);
      waiting.delete(response);
    });
  }
});

function give(response: ServerResponse, { tag, text }: BareOffer): void {
  response
    .writeHead(200, {
      etag: tag,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    })
    .end(text);
}

process.on('message', (offer: BareOffer) => {
  offered = offer;
  for (const response of waiting) give(response, offer);
});
process.once('disconnect', () => process.exit(0));
server.requestTimeout = 0;
server.keepAliveTimeout = 72_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
