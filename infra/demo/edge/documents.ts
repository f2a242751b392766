import type { ConfigDocument } from '../../../contracts/config-document.ts';

/** What the edge is to look like. Each names itself in its answers, so that the load generator sees which one was served. */
export interface EdgeDocuments {
  readonly first: ConfigDocument;
  /** Valid in every respect: only what it leads to answers 500. */
  readonly bad: ConfigDocument;
  readonly second: ConfigDocument;
}

/** Ports of the edge itself, of the pages behind it, and of pages that are broken. */
export interface EdgePorts {
  readonly edge: number;
  readonly pages: number;
  readonly broken: number;
}

export function edgeDocuments({ edge, pages, broken }: EdgePorts): EdgeDocuments {
  return {
    first: documentOf('edge-1', edge, pages),
    bad: documentOf('edge-bad', edge, broken),
    second: documentOf('edge-2', edge, pages),
  };
}

/** `node` is the address of each node of its own. */
function documentOf(version: string, edge: number, pages: number): ConfigDocument {
  return {
    schemaVersion: 1,
    defaults: {
      timeouts: { connect: '2s', client: '30s', server: '30s', httpRequest: '10s', keepAlive: '10s' },
    },
    frontends: [
      {
        name: 'web',
        binds: [{ address: 'node', port: edge }],
        defaultBackend: 'pages',
        responseHeaders: [{ action: 'set', name: 'x-version', value: version }],
      },
    ],
    backends: [
      {
        name: 'pages',
        healthCheck: { path: '/health' },
        servers: [{ name: 'p1', address: `127.0.0.1:${pages}` }],
      },
    ],
  };
}
