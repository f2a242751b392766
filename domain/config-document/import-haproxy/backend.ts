import type { Backend, HealthCheck, Server } from '../../../contracts/config-document/backend.ts';
import type { Tell } from './frontend.ts';
import { readHeaderRule } from './headers.ts';
import { readCommon, readTimeout } from './settings.ts';
import type { Reading, Section, SourceLine } from './source.ts';
import { isName, readCount, readTime } from './values.ts';

const algorithms = ['roundrobin', 'leastconn', 'random', 'static-rr', 'source', 'first'] as const;

export function readBackend({ name, heading, lines }: Section, tell: Tell): Backend {
  const backend: Backend = { name };
  // A server says "check" before or after the backend says how.
  const isCheck = ({ words }: SourceLine): boolean =>
    (words ?? []).slice(0, 2).join(' ') === 'option httpchk';
  for (const line of lines.filter(isCheck)) tell(line, readCheck(backend, line));
  for (const line of lines.filter((each) => !isCheck(each))) tell(line, readLine(backend, line));
  // One that says nothing of servers answers nobody, unless its servers come from elsewhere.
  if (!lines.some(({ words }) => words === null || /^server/.test(words[0] ?? ''))) {
    backend.steered = true;
    tell(heading, { changed: 'names no servers, so they are those of canary rollouts (steered: true)' });
  }
  return backend;
}

function readLine(backend: Backend, line: SourceLine): Reading {
  const [keyword = ''] = line.words ?? [];
  switch (keyword) {
    case 'balance':
      return readBalance(backend, line);
    case 'server':
      return readServer(backend, line);
    case 'timeout':
      return readTimeout((backend.timeouts ??= {}), line, ['connect', 'server', 'queue', 'tunnel']);
    case 'http-check':
      return readExpected(backend.healthCheck, line);
    case 'http-request':
    case 'http-response':
    case 'http-after-response':
      return readHeaderRule(backend, line);
    default:
      return readCommon(line) ?? { lost: `a document has no ${keyword || 'such line'} in a backend` };
  }
}

function readBalance(backend: Backend, { words }: SourceLine): Reading {
  const balance = algorithms.find((algorithm) => algorithm === words?.[1]);
  if (balance === undefined || words?.length !== 2) return { lost: 'a document knows no such algorithm' };
  backend.balance = balance;
  return 'kept';
}

function readCheck(backend: Backend, { words }: SourceLine): Reading {
  const rest = (words ?? []).slice(2);
  const [method = 'OPTIONS', path = '/'] = rest.length === 1 ? ['OPTIONS', rest[0]] : rest;
  const isKnown = method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
  if (!isKnown || rest.length > 2 || !/^\/[!-~]{0,511}$/.test(path))
    return { lost: 'a document checks with GET, HEAD or OPTIONS and a path' };
  backend.healthCheck = { path, ...(method === 'GET' ? {} : { method }) };
  return { changed: 'checks are sent as HTTP/1.1 every 2s unless the document says otherwise' };
}

function readExpected(check: HealthCheck | undefined, { words }: SourceLine): Reading {
  const [, expect, status, value = '', ...more] = words ?? [];
  const isStatus = expect === 'expect' && status === 'status' && more.length === 0;
  if (check === undefined || !isStatus || !/^[1-5][0-9]{2}(-[1-5][0-9]{2})?$/.test(value))
    return { lost: 'a document expects a status or one range of them, of a check by httpchk' };
  check.expectStatus = value;
  return 'kept';
}

const addressPattern = /^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}$/;

function readServer(backend: Backend, { words }: SourceLine): Reading {
  const [, name = '', address = '', ...options] = words ?? [];
  if (!isName(name) || !addressPattern.test(address))
    return { lost: 'a document wants a name and host:port of a server' };
  const server: Server = { name, address };
  let isChecked = false;
  let times: Pick<HealthCheck, 'interval' | 'rise' | 'fall'> = {};
  for (let at = 0; at < options.length; at += 1) {
    const option = options[at] ?? '';
    if (option === 'check') isChecked = true;
    else if (option === 'backup') server.backup = true;
    else if (option === 'disabled') server.disabled = true;
    else {
      at += 1;
      const found = readOption(server, option, options[at]);
      if (found === null) return { lost: `a document cannot say ${option} ${options[at] ?? ''} of a server` };
      times = { ...times, ...found };
    }
  }
  return addServer(backend, server, isChecked, times);
}

/** A word with a value; null for one that is not known or out of bounds. */
function readOption(
  server: Server,
  option: string,
  value: string | undefined,
): Pick<HealthCheck, 'interval' | 'rise' | 'fall'> | null {
  const count = readCount(
    value,
    option === 'weight' ? 0 : 1,
    option === 'weight' ? 256 : option === 'maxconn' ? 1_000_000 : 100,
  );
  const interval = readTime(value);
  if (option === 'inter') return interval === null ? null : { interval };
  if (count === null) return null;
  if (option === 'weight') server.weight = count;
  else if (option === 'maxconn') server.connections = count;
  else return option === 'rise' ? { rise: count } : option === 'fall' ? { fall: count } : null;
  return {};
}

/** In a document a backend is checked, all of its servers in one way. */
function addServer(
  backend: Backend,
  server: Server,
  isChecked: boolean,
  times: Pick<HealthCheck, 'interval' | 'rise' | 'fall'>,
): Reading {
  const { healthCheck, servers = [] } = backend;
  backend.servers = [...servers, server];
  if (isChecked && healthCheck === undefined)
    return {
      changed:
        'it was checked by a bare connection; a document checks by HTTP, so it is not checked: add a healthCheck',
    };
  if (healthCheck === undefined)
    return Object.keys(times).length === 0
      ? 'kept'
      : { changed: 'it is not checked, so the times of checks are left out' };
  const isFirst = servers.length === 0;
  const isSame = JSON.stringify(pick(healthCheck)) === JSON.stringify(pick(times));
  if (isFirst) Object.assign(healthCheck, times);
  if (!isChecked) return { changed: 'it is checked as the others of its backend' };
  return isFirst || isSame
    ? 'kept'
    : { changed: 'it is checked at the times of the first server of its backend' };
}

function pick({ interval, rise, fall }: Pick<HealthCheck, 'interval' | 'rise' | 'fall'>): unknown[] {
  return [interval ?? null, rise ?? null, fall ?? null];
}
