import type { FileCase, RefusedCase } from '../cases.ts';
import { serversAt, withBackend, withRoutes, withWeb } from '../shop.ts';

/** What schema and policy refuse, with a pointer to it. */
export const refusedCases: readonly RefusedCase[] = [
  {
    name: 'a line of haproxy.cfg in the document',
    class: 'syntax',
    stop: 'put',
    tells: /\/document\/frontends\/0\/raw is not known here/,
    documents: (shop) => [withWeb(shop, (web) => ({ ...web, raw: 'http-request deny' }))],
  },
  {
    name: 'a port that is a text',
    class: 'syntax',
    stop: 'put',
    tells: /\/document\/frontends\/0\/binds\/0\/port must be integer/,
    documents: (shop) => [{ ...shop, frontends: [{ name: 'web', binds: [{ port: '80, :81' }] }] }],
  },
  {
    name: 'a document of a later version',
    class: 'syntax',
    stop: 'put',
    tells: /schemaVersion 9 is newer than 1/,
    documents: (shop) => [{ ...shop, schemaVersion: 9 }],
  },
  {
    name: 'two frontends on one port',
    class: 'bind conflict',
    stop: 'put',
    tells: /\/document\/frontends\/1\/binds\/0 is .* take another port or address/,
    documents: (shop) => [
      { ...shop, frontends: shop.frontends.flatMap((web) => [web, { ...web, name: 'second' }]) },
    ],
  },
  {
    name: 'a route to a backend that is not there',
    class: 'dead backend',
    stop: 'put',
    tells: /\/document\/frontends\/0\/routes\/0\/backend is checkout, which is no backend/,
    documents: (shop) => [
      withRoutes(shop, { name: 'checkout', match: { prefixes: ['/checkout'] }, backend: 'checkout' }),
    ],
  },
  {
    name: 'a backend without a server that answers',
    class: 'dead backend',
    stop: 'put',
    tells: /\/document\/backends\/2\/servers of api (is empty|has only)/,
    documents: (shop, { services }) => [
      withBackend(shop, 'api', { servers: [] }),
      withBackend(shop, 'api', { servers: serversAt(services.api).map((one) => ({ ...one, weight: 0 })) }),
      withBackend(shop, 'api', {
        servers: serversAt(services.api).map((one) => ({ ...one, disabled: true })),
      }),
    ],
  },
  {
    name: 'a route before all others that takes everything',
    class: 'route hijack',
    stop: 'put',
    tells: /never gets a request: everything comes first/,
    documents: (shop) => [withRoutes(shop, { name: 'everything', backend: 'pages' })],
  },
  {
    name: 'a path or a key where the name of a certificate belongs',
    class: 'missing file',
    stop: 'put',
    tells: /is no name of a certificate; TLS material and its paths are never part of a document/,
    documents: (shop) =>
      ['/etc/ssl/shop.pem', '../../shadow', 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ=='].map(
        (certificate) =>
          withWeb(shop, (web) => ({ ...web, binds: [{ port: 443, tls: { certificates: [certificate] } }] })),
      ),
  },
  {
    name: 'a change of the header that says where a message ends',
    class: 'route hijack',
    stop: 'put',
    tells: /which says where a message ends; leave it to HAProxy/,
    documents: (shop) =>
      ['Transfer-Encoding', 'content-length'].map((name) =>
        withWeb(shop, (web) => ({ ...web, requestHeaders: [{ action: 'set', name, value: '0' }] })),
      ),
  },
  {
    name: 'more connections of one frontend than of the process, and more text than anybody reads',
    class: 'memory',
    stop: 'put',
    tells: /more than the 2000 of the whole process|is too large/i,
    documents: (shop) => [
      withWeb(shop, (web) => ({ ...web, limits: { connections: 900_000 } })),
      withRoutes(
        shop,
        ...Array.from({ length: 800 }, (_, index) => ({
          ...{ name: `large-${index}`, match: { paths: [`/${index}`] } },
          answer: { status: 200, body: 'y'.repeat(4000) },
        })),
      ),
    ],
  },
];

/** Files whose very syntax is broken. */
export const fileCases: readonly FileCase[] = [
  {
    name: 'a YAML file with a bracket left open',
    class: 'syntax',
    stop: 'file',
    as: 'yaml',
    tells: /proxy\.yml:4:1/,
    text: () => 'schemaVersion: 1\nfrontends:\n  - { name: web, binds: [{ port: 80 }\nbackends: []\n',
  },
  {
    name: 'a YAML file that says one thing twice',
    class: 'syntax',
    stop: 'file',
    as: 'yaml',
    tells: /proxy\.yml:4:1.*unique/,
    text: () => 'schemaVersion: 1\nfrontends: []\nbackends: []\nfrontends: []\n',
  },
  {
    name: 'a haproxy.cfg with a quote left open',
    class: 'syntax',
    stop: 'file',
    as: 'haproxy',
    tells: /5: lost: .*a quote of it stays open/,
    text: ({ port }) =>
      `defaults\n  mode http\n  timeout connect 1s\nfrontend web\n  bind "127.0.0.1:${port}\n  default_backend pages\n`,
  },
  {
    name: 'a haproxy.cfg with a line that HAProxy does not know',
    class: 'syntax',
    stop: 'file',
    as: 'haproxy',
    tells: /3: lost: .*timout/,
    text: ({ port }) =>
      `defaults\n  mode http\n  timout connect 1s\nfrontend web\n  bind :${port}\n  default_backend pages\n`,
  },
];
