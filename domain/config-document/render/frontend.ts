import type { Bind, Frontend } from '../../../contracts/config-document/frontend.ts';
import { milliseconds, timeoutLines } from './defaults.ts';
import { headerLines } from './headers.ts';
import { heading, line, type Line } from './line.ts';
import { type Places, shadowHeaders } from './places.ts';
import type { NodeAddress } from './word.ts';
import { routeExpression, type RouteLines, routeLines } from './route.ts';

/** A worker remembers so many client addresses; the one that came first goes first. */
const rememberedClients = '100k';

export function frontendLines(frontend: Frontend, pointer: string, places: Places): Line[] {
  const routes = (frontend.routes ?? []).map((route, index) =>
    routeLines(route, `${pointer}/routes/${index}`),
  );
  const all = (part: keyof RouteLines): Line[] => routes.flatMap((route) => route[part]);
  return [
    heading(pointer, 'frontend', frontend.name),
    ...frontend.binds.map((bind, index) => bindLine(frontend.name, bind, index, pointer, places)),
    ...(places.shadow === null ? timeoutLines(frontend.timeouts ?? {}, `${pointer}/timeouts`) : []),
    ...limitLines(frontend.limits, `${pointer}/limits`, places),
    ...all('choose'),
    ...headerLines('http-request', frontend.requestHeaders, `${pointer}/requestHeaders`),
    ...all('change'),
    ...all('answer'),
    ...headerLines('http-after-response', frontend.responseHeaders, `${pointer}/responseHeaders`),
    ...all('respond'),
    ...shadowLines(pointer, places),
    ...all('forward'),
    ...(frontend.defaultBackend === undefined
      ? []
      : [line(`${pointer}/defaultBackend`, 'default_backend', frontend.defaultBackend)]),
  ];
}

function bindLine(name: string, bind: Bind, index: number, pointer: string, places: Places): Line {
  const { tls } = bind;
  const at = places.shadow === null ? bindWord(bind, places) : `unix@${places.shadow.bindAt(name, index)}`;
  return line(`${pointer}/binds/${index}`, 'bind', at, ...(tls === undefined ? [] : tlsWords(tls, places)));
}

function bindWord({ address = '*', port }: Bind, { nodeAddress }: Places): string | NodeAddress {
  if (address === 'node' && nodeAddress === null) return { port };
  const host = address === 'node' ? (nodeAddress ?? '*') : address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A shadow run has no certificates of clients to show. */
function tlsWords(tls: NonNullable<Bind['tls']>, { shadow }: Places): string[] {
  const { certificates, minVersion, http2 = true, clientAuthority } = tls;
  return [
    'ssl',
    ...certificates.flatMap((reference) => ['crt', `${reference}.pem`]),
    ...(minVersion === undefined ? [] : ['ssl-min-ver', minVersion]),
    ...['alpn', http2 ? 'h2,http/1.1' : 'http/1.1'],
    ...(clientAuthority === undefined || shadow !== null
      ? []
      : ['ca-file', `${clientAuthority}.pem`, 'verify', 'required']),
  ];
}

/** A shadow run has no addresses of clients, so nobody's rate is limited there, and it keeps few connections open. */
function limitLines(limits: Frontend['limits'] = {}, pointer: string, { shadow }: Places): Line[] {
  const { connections, requestBodyBytes, requestRate } = limits;
  const deny = (status: number, ...test: readonly (string | number)[]): (string | number)[] => [
    ...['http-request', 'deny', 'deny_status', status, 'if', '{', ...test, '}'],
  ];
  const lines: Line[] = [];
  if (connections !== undefined && shadow === null)
    lines.push(line(`${pointer}/connections`, 'maxconn', connections));
  if (requestRate !== undefined && shadow === null) {
    const at = `${pointer}/requestRate`;
    const per = milliseconds(requestRate.per);
    const table = ['type', 'ipv6', 'size', rememberedClients, 'expire', per];
    lines.push(
      line(at, 'stick-table', ...table, 'store', `http_req_rate(${per})`),
      line(at, 'http-request', 'track-sc0', 'src'),
      line(at, ...deny(429, 'sc_http_req_rate(0)', 'gt', requestRate.requests)),
    );
  }
  if (requestBodyBytes !== undefined)
    lines.push(line(`${pointer}/requestBodyBytes`, ...deny(413, 'req.body_size', 'gt', requestBodyBytes)));
  return lines;
}

function shadowLines(pointer: string, { shadow }: Places): Line[] {
  if (shadow === null) return [];
  const rule = ['http-after-response', 'set-header', shadowHeaders.route];
  return [line(pointer, ...rule, `%[${routeExpression}]`)];
}
