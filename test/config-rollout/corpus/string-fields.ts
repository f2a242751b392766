import type { ConfigDocument } from '../../../contracts/config-document.ts';
import type { HeaderChange } from '../../../contracts/config-document/text.ts';
import type { Frontend, Route } from '../../../contracts/config-document/frontend.ts';
import type { Backend, Server } from '../../../contracts/config-document/backend.ts';
import { serversAt, withWeb } from './shop.ts';

/** What a field takes; what it does not take it has to refuse. */
export type Kind = 'name' | 'time' | 'host' | 'path' | 'line' | 'text';

export interface StringField {
  /** As `stringPointers` of the contract names it. */
  readonly pointer: string;
  readonly kind: Kind;
  /** The document with `text` in the field. */
  write(document: ConfigDocument, text: string): ConfigDocument;
}

const timeouts = ['connect', 'client', 'server', 'httpRequest', 'keepAlive', 'queue', 'tunnel'] as const;

/** Every field of the contract that takes a text, but for those that take one of a few words. */
export const stringFields: readonly StringField[] = [
  ...timeouts.map((name) => field(`/defaults/timeouts/${name}`, 'time', inDefaults(name))),
  field('/defaults/hardStopAfter', 'time', (document, hardStopAfter) => ({
    ...document,
    defaults: { ...document.defaults, hardStopAfter },
  })),
  ...inFrontend(),
  ...inRoute(),
  ...inBackend(),
  ...headerFields('/frontends/*', (document, changes) =>
    withWeb(document, (web) => ({ ...web, ...changes })),
  ),
  ...headerFields('/frontends/*/routes/*', (document, changes) => withRoute(document, changes)),
  ...headerFields('/backends/*', (document, changes) => withApi(document, changes)),
];

function field(pointer: string, kind: Kind, write: StringField['write']): StringField {
  return { pointer, kind, write };
}

function inDefaults(name: (typeof timeouts)[number]): StringField['write'] {
  return ({ defaults, ...document }, text) => ({
    ...document,
    defaults: { ...defaults, timeouts: { ...defaults?.timeouts, [name]: text } },
  });
}

function inFrontend(): StringField[] {
  const of = (name: string, kind: Kind, change: (text: string) => Partial<Frontend>): StringField =>
    field(`/frontends/*/${name}`, kind, (document, text) =>
      withWeb(document, (web) => ({ ...web, ...change(text) })),
    );
  const bind = { address: 'node', port: 1 };
  const tls = { certificates: ['shop'] };
  return [
    of('name', 'name', (name) => ({ name })),
    of('defaultBackend', 'name', (defaultBackend) => ({ defaultBackend })),
    of('binds/*/address', 'host', (address) => ({ binds: [{ ...bind, address }] })),
    of('binds/*/tls/certificates/*', 'name', (name) => ({
      binds: [{ ...bind, tls: { certificates: [name] } }],
    })),
    of('binds/*/tls/clientAuthority', 'name', (clientAuthority) => ({
      binds: [{ ...bind, tls: { ...tls, clientAuthority } }],
    })),
    of('limits/requestRate/per', 'time', (per) => ({
      limits: { requestRate: { requests: 1_000_000, per } },
    })),
    ...(['client', 'httpRequest', 'keepAlive'] as const).map((name) =>
      of(`timeouts/${name}`, 'time', (text) => ({ timeouts: { [name]: text } })),
    ),
  ];
}

function inRoute(): StringField[] {
  const of = (name: string, kind: Kind, change: (text: string) => Partial<Route>): StringField =>
    field(`/frontends/*/routes/*/${name}`, kind, (document, text) => withRoute(document, change(text)));
  const header = { name: 'X-Injected' };
  const instead = { backend: undefined };
  return [
    of('name', 'name', (name) => ({ name })),
    of('backend', 'name', (backend) => ({ backend })),
    of('match/hosts/*', 'host', (host) => ({ match: { hosts: [host] } })),
    of('match/paths/*', 'path', (path) => ({ match: { paths: [path] } })),
    of('match/prefixes/*', 'path', (prefix) => ({ match: { prefixes: [prefix] } })),
    of('match/headers/*/name', 'name', (name) => ({ match: { headers: [{ name }] } })),
    of('match/headers/*/value', 'line', (value) => ({ match: { headers: [{ ...header, value }] } })),
    of('match/headers/*/prefix', 'line', (prefix) => ({ match: { headers: [{ ...header, prefix }] } })),
    of('redirect/prefix', 'line', (prefix) => ({ ...instead, redirect: { prefix } })),
    of('redirect/location', 'line', (location) => ({ ...instead, redirect: { location } })),
    of('answer/contentType', 'line', (contentType) => ({
      ...instead,
      answer: { status: 200, contentType, body: 'text' },
    })),
    of('answer/body', 'text', (body) => ({ ...instead, answer: { status: 200, body } })),
  ];
}

function inBackend(): StringField[] {
  const of = (name: string, kind: Kind, change: (text: string) => Partial<Backend>): StringField =>
    field(`/backends/*/${name}`, kind, (document, text) => withApi(document, change(text)));
  const server = (change: Partial<Server>): Partial<Backend> => ({
    servers: serversAt('127.0.0.1:9').map((usual) => ({ ...usual, ...change })),
  });
  const check = { path: '/api/healthz' };
  return [
    of('name', 'name', (name) => ({ name })),
    of('servers/*/name', 'name', (name) => server({ name })),
    of('servers/*/address', 'host', (address) => server({ address })),
    of('servers/*/tls/authority', 'name', (authority) =>
      server({ tls: { authority, serverName: 'api.example' } }),
    ),
    of('servers/*/tls/serverName', 'host', (serverName) => server({ tls: { serverName, insecure: true } })),
    of('healthCheck/path', 'path', (path) => ({ healthCheck: { path } })),
    of('healthCheck/host', 'host', (host) => ({ healthCheck: { ...check, host } })),
    of('healthCheck/expectStatus', 'name', (expectStatus) => ({ healthCheck: { ...check, expectStatus } })),
    ...(['interval', 'timeout'] as const).map((name) =>
      of(`healthCheck/${name}`, 'time', (text) => ({ healthCheck: { ...check, [name]: text } })),
    ),
    ...(['connect', 'server', 'queue', 'tunnel'] as const).map((name) =>
      of(`timeouts/${name}`, 'time', (text) => ({ timeouts: { [name]: text } })),
    ),
  ];
}

type Changes = Readonly<Partial<Record<'requestHeaders' | 'responseHeaders', HeaderChange[]>>>;

function headerFields(
  at: string,
  put: (document: ConfigDocument, changes: Changes) => ConfigDocument,
): StringField[] {
  return (['requestHeaders', 'responseHeaders'] as const).flatMap((side) => {
    const write = (change: (text: string) => HeaderChange): StringField['write'] => {
      return (document, text) => put(document, { [side]: [change(text)] });
    };
    return [
      field(
        `${at}/${side}/*/name`,
        'name',
        write((name) => ({ action: 'set', name, value: 'text' })),
      ),
      field(
        `${at}/${side}/*/value`,
        'line',
        write((value) => ({ action: 'set', name: 'X-Injected', value })),
      ),
    ];
  });
}

/** With a route before all others that takes one path, or what `change` says. */
function withRoute(document: ConfigDocument, change: Partial<Route>): ConfigDocument {
  const route: Route = { name: 'injected', match: { paths: ['/injected'] }, backend: 'api', ...change };
  return withWeb(document, (web) => ({ ...web, routes: [route, ...(web.routes ?? [])] }));
}

/** With another `api`; whatever its name is, nobody is sent to the old one. */
function withApi(document: ConfigDocument, change: Partial<Backend>): ConfigDocument {
  const backends = document.backends.map((backend) =>
    backend.name === 'api' ? { ...backend, ...change } : backend,
  );
  return { ...document, backends };
}
