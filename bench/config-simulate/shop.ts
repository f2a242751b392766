import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { Route } from '../../contracts/config-document/frontend.ts';

export const apis = 30;

/** A shop as it might be: an admin's host, a beta, redirects, an answer of its own, thirty interfaces, and tenants with hosts of their own. */
export function shopDocument(): ConfigDocument {
  const names = ['admin', 'beta', 'writer', 'shop', 'tenants', 'pages'];
  for (let index = 0; index < apis; index += 1) names.push(`svc${index}`);
  return {
    schemaVersion: 1,
    defaults: {
      timeouts: { connect: '1s', client: '10s', server: '10s', httpRequest: '5s' },
      hardStopAfter: '30s',
    },
    frontends: [
      {
        name: 'web',
        binds: [{ port: 8080 }, { port: 8443, tls: { certificates: ['shop'] } }],
        routes: routes(),
        defaultBackend: 'pages',
      },
      { name: 'internal', binds: [{ port: 9090 }], defaultBackend: 'admin' },
    ],
    backends: names.map((name) => ({
      name,
      servers: [
        { name: 'a', address: '10.0.0.1:80', weight: 10 },
        { name: 'b', address: `${name}.internal:80`, weight: 10 },
      ],
      healthCheck: { path: '/healthz' },
    })),
  };
}

function routes(): Route[] {
  const interfaces = Array.from({ length: apis }, (_, index) => ({
    name: `api${index}`,
    match: { prefixes: [`/api/${index}`] },
    backend: `svc${index}`,
  }));
  return [
    { name: 'admin', match: { hosts: ['admin.example.org'] }, backend: 'admin' },
    {
      name: 'beta',
      match: { prefixes: ['/shop'], headers: [{ name: 'x-beta', value: 'yes' }] },
      backend: 'beta',
    },
    { name: 'old', match: { paths: ['/old', '/older'] }, redirect: { location: '/new', status: 301 } },
    { name: 'health', match: { paths: ['/health'] }, answer: { status: 200, body: 'ok' } },
    { name: 'writes', match: { prefixes: ['/shop'], methods: ['POST', 'PUT'] }, backend: 'writer' },
    { name: 'shop', match: { prefixes: ['/shop'] }, backend: 'shop' },
    ...interfaces,
    { name: 'tenants', match: { hosts: ['*.tenants.example.org'] }, backend: 'tenants' },
  ];
}
