import type { ConfigDocument } from '../../../contracts/config-document.ts';

interface Facts {
  readonly port: number;
  /** What `/ping` answers: which revision serves. */
  readonly text: string;
  /** Status of `/health`. */
  readonly health?: number;
  /** Another port to bind, which somebody may hold. */
  readonly alsoAt?: number;
  readonly connections?: number;
}

/** A proxy that answers everything itself, so that whatever goes wrong is its own doing. */
export function documentOf({ port, text, health = 200, alsoAt, connections = 1000 }: Facts): ConfigDocument {
  return {
    schemaVersion: 1,
    defaults: {
      timeouts: { connect: '2s', client: '30s', server: '30s', httpRequest: '10s', keepAlive: '30s' },
      hardStopAfter: '1m',
      connections,
    },
    frontends: [
      {
        name: 'web',
        binds: [{ address: 'node', port }],
        routes: [
          { name: 'ping', match: { paths: ['/ping'] }, answer: { status: 200, body: text } },
          { name: 'health', match: { paths: ['/health'] }, answer: { status: health, body: 'health' } },
          { name: 'all', answer: { status: 200, body: 'ok' } },
        ],
      },
      ...(alsoAt === undefined
        ? []
        : [
            {
              name: 'also',
              binds: [{ address: 'node', port: alsoAt }],
              routes: [{ name: 'also', answer: { status: 200, body: 'also' } }],
            },
          ]),
    ],
    backends: [],
  };
}
