import type { ConfigDocument } from '../../contracts/config-document.ts';

const backends = 42;

/** Renders to about 20 KB. The path /revision answers which one it is. */
export function pushedDocument(revision: number, port: number): ConfigDocument {
  const names = Array.from({ length: backends }, (_, index) => `service-${String(index).padStart(2, '0')}`);
  return {
    schemaVersion: 1,
    defaults: {
      timeouts: { connect: '1s', client: '10s', server: '10s', httpRequest: '5s' },
      hardStopAfter: '15s',
    },
    frontends: [
      {
        name: 'web',
        binds: [{ address: 'node', port }],
        routes: [
          {
            name: 'revision',
            match: { paths: ['/revision'] },
            answer: { status: 200, body: `revision ${revision}` },
          },
          ...names.map((name) => ({ name, match: { prefixes: [`/api/${name}`] }, backend: name })),
        ],
        defaultBackend: 'service-00',
      },
    ],
    // Without health checks: ten proxies would ask the same machine all the time.
    backends: names.map((name) => ({
      name,
      balance: 'leastconn',
      servers: ['a', 'b', 'c'].map((server, index) => ({
        ...{ name: server, address: `127.0.0.1:${9000 + index}`, weight: 10 },
      })),
    })),
  };
}
