import type { Backend, HealthCheck, Server } from '../../../contracts/config-document/backend.ts';
import { milliseconds, timeoutLines } from './defaults.ts';
import { headerLines } from './headers.ts';
import { heading, line, type Line } from './line.ts';
import { type Places, shadowHeaders } from './places.ts';

/** Nothing answers there, and nothing is asked: the backends of a shadow run answer by themselves. */
const nowhere = '127.0.0.1:9';

export function backendLines(backend: Backend, pointer: string, places: Places): Line[] {
  const { healthCheck, servers = [] } = backend;
  return [
    heading(pointer, 'backend', backend.name),
    line(`${pointer}/balance`, 'balance', backend.balance ?? 'roundrobin'),
    ...(places.shadow === null ? timeoutLines(backend.timeouts ?? {}, `${pointer}/timeouts`) : []),
    ...(healthCheck === undefined ? [] : checkLines(healthCheck, `${pointer}/healthCheck`)),
    ...headerLines('http-request', backend.requestHeaders, `${pointer}/requestHeaders`),
    ...shadowLines(backend, pointer, places),
    ...headerLines('http-after-response', backend.responseHeaders, `${pointer}/responseHeaders`),
    ...servers.map((server, index) =>
      serverLine(server, healthCheck !== undefined, `${pointer}/servers/${index}`, places),
    ),
  ];
}

/** HTTP/1.1 without a host is no request: many servers answer 400, and were down then. */
const anyHost = 'localhost';

function checkLines(check: HealthCheck, pointer: string): Line[] {
  const { path, method = 'GET', host = anyHost, expectStatus = '200-399', interval = '2s', timeout } = check;
  const times = ['inter', milliseconds(interval), 'rise', check.rise ?? 2, 'fall', check.fall ?? 3];
  return [
    line(pointer, 'option', 'httpchk'),
    line(pointer, 'http-check', 'send', 'meth', method, 'uri', path, 'ver', 'HTTP/1.1', 'hdr', 'Host', host),
    line(`${pointer}/expectStatus`, 'http-check', 'expect', 'status', expectStatus),
    ...(timeout === undefined ? [] : [line(`${pointer}/timeout`, 'timeout', 'check', milliseconds(timeout))]),
    line(pointer, 'default-server', ...times),
  ];
}

function serverLine(server: Server, isChecked: boolean, pointer: string, { shadow }: Places): Line {
  const { name, address, weight, connections, backup = false, disabled = false } = server;
  return line(
    pointer,
    ...['server', name, shadow === null ? address : nowhere],
    ...(weight === undefined ? [] : ['weight', weight]),
    ...(connections === undefined ? [] : ['maxconn', connections]),
    ...(isChecked && shadow === null ? ['check'] : []),
    ...(server.tls === undefined || shadow !== null ? [] : tlsWords(server.tls, isChecked)),
    ...(backup ? ['backup'] : []),
    ...(disabled ? ['disabled'] : []),
  );
}

function tlsWords(tls: NonNullable<Server['tls']>, isChecked: boolean): string[] {
  const { authority, serverName, insecure = false } = tls;
  const trusted = authority === undefined ? [] : ['ca-file', `${authority}.pem`];
  return [
    'ssl',
    ...(insecure ? ['verify', 'none'] : ['verify', 'required', ...trusted]),
    ...(serverName === undefined ? [] : ['sni', `str(${serverName})`]),
    ...(serverName === undefined || !isChecked ? [] : ['check-sni', serverName]),
  ];
}

/** A backend answers by its name where the real one would find a server; a steered one has those of its rollout. */
function shadowLines({ name, steered = false }: Backend, pointer: string, { shadow }: Places): Line[] {
  if (shadow === null) return [];
  const seen = shadow.watched.flatMap((header, index) => {
    const variable = `txn.holdfast_seen_${index}`;
    const name = `${shadowHeaders.seen}${header}`;
    return [
      line(pointer, 'http-request', `set-var(${variable})`, `req.fhdr(${header})`),
      line(pointer, 'http-after-response', 'set-header', name, `%[var(${variable})]`),
    ];
  });
  const none = ['deny', 'deny_status', '503', 'if', '{', 'nbsrv', 'lt', '1', '}'];
  return [
    line(pointer, 'http-request', 'set-var(txn.holdfast_backend)', `str(${name})`),
    line(pointer, 'http-after-response', 'set-header', shadowHeaders.backend, '%[var(txn.holdfast_backend)]'),
    ...(steered ? [] : [line(pointer, 'http-request', ...none)]),
    ...seen,
    line(pointer, 'http-request', 'return', 'status', '200'),
  ];
}
