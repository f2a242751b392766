import type { ConfigDefaults } from '../../../contracts/config-document.ts';
import { parseDuration } from '../../duration.ts';
import { heading, line, type Line } from './line.ts';
import type { Places } from './places.ts';

export const defaultConnections = 2000;
export const defaultHardStop = '5m';
/** A worker that outlived so many reloads is ended, whatever it still serves. */
const mostReloads = 50;

export function globalLines(defaults: ConfigDefaults, places: Places): Line[] {
  const { connections = defaultConnections, hardStopAfter = defaultHardStop } = defaults;
  const { runtimeSocket } = places;
  return [
    heading('/defaults', 'global'),
    line('/defaults/connections', 'maxconn', places.shadow === null ? connections : defaultConnections),
    line('/defaults/hardStopAfter', 'hard-stop-after', milliseconds(hardStopAfter)),
    line('/defaults', 'mworker-max-reloads', mostReloads),
    line('/defaults', 'crt-base', places.certificates),
    line('/defaults', 'ca-base', places.authorities),
    line('/defaults', 'ssl-default-bind-options', 'ssl-min-ver', 'TLSv1.2'),
    // Nothing in a document makes HAProxy call anybody by itself. To be ready for it, 2.6 reads the authorities of the system at each
    // start and each check, which takes longer than all the rest.
    line('/defaults', 'httpclient.ssl.verify', 'none'),
    ...(runtimeSocket === null
      ? []
      : [line('', 'stats', 'socket', runtimeSocket, 'mode', '600', 'level', 'admin')]),
  ];
}

/** So that a short one of the document is not what a shadow run shows. */
const shadowTimeouts = { connect: '10s', client: '30s', server: '30s', httpRequest: '30s', keepAlive: '30s' };

export function defaultsLines({ timeouts = {} }: ConfigDefaults, places: Places): Line[] {
  return [
    heading('/defaults', 'defaults'),
    line('/defaults', 'mode', 'http'),
    // Without it a reload closes idle connections just as their client sends the next request.
    line('/defaults', 'option', 'idle-close-on-response'),
    // Made only for a request that a header change wants it for.
    line('/defaults', 'unique-id-format', '%[uuid()]'),
    line('/defaults', 'default-server', 'init-addr', places.resolvesNames ? 'last,libc,none' : 'none'),
    ...timeoutLines(places.shadow === null ? timeouts : shadowTimeouts, '/defaults/timeouts'),
  ];
}

const words = {
  connect: 'connect',
  client: 'client',
  server: 'server',
  httpRequest: 'http-request',
  keepAlive: 'http-keep-alive',
  queue: 'queue',
  tunnel: 'tunnel',
} as const;

export function timeoutLines(
  timeouts: Readonly<Partial<Record<keyof typeof words, string>>>,
  pointer: string,
): Line[] {
  return Object.entries(words).flatMap(([name, word]) => {
    const duration = timeouts[name as keyof typeof words];
    return duration === undefined
      ? []
      : [line(`${pointer}/${name}`, 'timeout', word, milliseconds(duration))];
  });
}

/** HAProxy knows no unit that would not do, but reads a bare number in another one here and there. */
export function milliseconds(duration: string): string {
  return `${parseDuration(duration)}ms`;
}
