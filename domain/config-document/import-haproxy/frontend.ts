import type { Bind, Frontend, Route } from '../../../contracts/config-document/frontend.ts';
import { type NamedConditions, readCondition } from './conditions.ts';
import { readHeaderRule } from './headers.ts';
import { readCommon, readTimeout } from './settings.ts';
import { nodeMark } from './read-words.ts';
import type { Reading, Section, SourceLine } from './source.ts';
import { isName, readCount, readFormat, referenceOf } from './values.ts';

/** Says what became of a line; a later word of it holds. */
export type Tell = (line: SourceLine, reading: Reading) => void;

/** HAProxy redirects before it chooses a backend, in whatever order the lines stand. */
interface Draft {
  readonly frontend: Frontend;
  readonly redirects: Route[];
  readonly forwards: Route[];
  readonly named: NamedConditions;
  readonly tell: Tell;
}

export function readFrontend({ name, lines }: Section, tell: Tell): Frontend {
  const frontend: Frontend = { name, binds: [] };
  const draft: Draft = { frontend, redirects: [], forwards: [], named: conditionsOf(lines), tell };
  for (const line of lines.filter(isCondition))
    tell(line, { lost: 'no route that was understood asks for this condition' });
  // HAProxy asks its http-request rules before those.
  const isLate = ({ words }: SourceLine): boolean => words?.[0] === 'redirect';
  const rules = lines.filter((each) => !isCondition(each) && !isLate(each));
  for (const line of [...rules, ...lines.filter(isLate)]) tell(line, readLine(draft, line));
  const routes = [...draft.redirects, ...draft.forwards];
  if (routes.length > 0) frontend.routes = routes;
  return frontend;
}

function isCondition({ words }: SourceLine): boolean {
  return words?.[0] === 'acl';
}

function conditionsOf(lines: readonly SourceLine[]): NamedConditions {
  const named = new Map<string, SourceLine[]>();
  for (const line of lines.filter(isCondition)) {
    const name = line.words?.[1] ?? '';
    named.set(name, [...(named.get(name) ?? []), line]);
  }
  return named;
}

function readLine(draft: Draft, line: SourceLine): Reading {
  const { frontend } = draft;
  const [keyword = '', second = ''] = line.words ?? [];
  switch (keyword) {
    case 'bind':
      return readBind(frontend.binds, line);
    case 'timeout':
      return readTimeout((frontend.timeouts ??= {}), line, ['client', 'httpRequest', 'keepAlive']);
    case 'maxconn':
      return readConnections(frontend, line);
    case 'use_backend':
      return readForward(draft, line);
    case 'default_backend':
      return readDefault(frontend, line);
    case 'redirect':
      return readRedirect(draft, line, 1);
    case 'http-request':
      return second === 'redirect' ? readRedirect(draft, line, 2) : readHeaderRule(frontend, line);
    case 'http-response':
    case 'http-after-response':
      return readHeaderRule(frontend, line);
    default:
      return readCommon(line) ?? { lost: `a document has no ${keyword || 'such line'} in a frontend` };
  }
}

function addressOf(text: string): string {
  return text === nodeMark ? 'node' : text.replace(/^\[(.*)\]$/, '$1');
}

function readBind(binds: Bind[], { words }: SourceLine): Reading {
  const [, place = '', ...options] = words ?? [];
  const [, address, digits] =
    /^(\*|\0node|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-fA-F:.]{2,45}\])?:([0-9]+)$/.exec(place) ?? [];
  const port = readCount(digits, 1, 65_535);
  if (port === null) return { lost: 'a document binds one address and port' };
  const bind: Bind = {
    ...(address === undefined || address === '*' ? {} : { address: addressOf(address) }),
    port,
  };
  if (options.length === 0) {
    binds.push(bind);
    return 'kept';
  }
  const [ssl, crt, path = '', ...more] = options;
  const reference = referenceOf(path);
  if (ssl !== 'ssl' || crt !== 'crt' || reference === null || (more.length > 0 && !isAlpn(more)))
    return { lost: 'of the options of a bind a document knows ssl crt FILE alpn PROTOCOLS, in this order' };
  binds.push({
    ...bind,
    tls: { certificates: [reference], ...(more[1]?.includes('h2') ? {} : { http2: false }) },
  });
  return { changed: `each node keeps ${path} under the name ${reference}` };
}

function isAlpn(words: readonly string[]): boolean {
  return words[0] === 'alpn' && ['h2,http/1.1', 'http/1.1'].includes(words[1] ?? '') && words.length === 2;
}

function readConnections(frontend: Frontend, { words }: SourceLine): Reading {
  const connections = words?.length === 2 ? readCount(words[1], 1, 1_000_000) : null;
  if (connections === null) return { lost: 'the number is out of bounds' };
  frontend.limits = { connections };
  return 'kept';
}

function readDefault(frontend: Frontend, { words }: SourceLine): Reading {
  const [, name = '', ...more] = words ?? [];
  if (!isName(name) || more.length > 0) return { lost: 'is no name of a backend' };
  frontend.defaultBackend = name;
  return 'kept';
}

function readForward(draft: Draft, line: SourceLine): Reading {
  const [, name = '', ...condition] = line.words ?? [];
  if (!isName(name)) return { lost: 'is no name of a backend' };
  return addRoute(draft, draft.forwards, { name, backend: name }, condition);
}

function readRedirect(draft: Draft, { words }: SourceLine, from: number): Reading {
  const [kind = '', target, ...rest] = (words ?? []).slice(from);
  const hasCode = rest[0] === 'code';
  const status = hasCode ? Number(rest[1]) : 302;
  const condition = rest.slice(hasCode ? 2 : 0);
  // Only http-request rules read their target as a log format.
  const to = readFormat(from === 1 ? target?.replaceAll('%', '%%') : target);
  if (to === null || !isStatus(status))
    return { lost: 'a document redirects to a fixed text, with a code of redirection' };
  if (kind === 'scheme') {
    const isOpen = ['', 'if !{ ssl_fc }', 'unless { ssl_fc }'].includes(condition.join(' '));
    if (to !== 'https' || !isOpen)
      return { lost: 'a document redirects by scheme only to https, from whatever is not TLS' };
    return addRoute(draft, draft.redirects, { name: 'redirect', redirect: { scheme: 'https', status } }, []);
  }
  if (kind !== 'location' && kind !== 'prefix') return { lost: `a document cannot say redirect ${kind}` };
  return addRoute(draft, draft.redirects, { name: 'redirect', redirect: { [kind]: to, status } }, condition);
}

function isStatus(status: number): status is 301 | 302 | 303 | 307 | 308 {
  return [301, 302, 303, 307, 308].includes(status);
}

/** Names must differ: of several routes to one backend the second is `cart-2`. */
function addRoute(draft: Draft, routes: Route[], route: Route, condition: readonly string[]): Reading {
  const read = readCondition(condition, draft.named);
  if ('lost' in read) return read;
  const taken = [...draft.redirects, ...draft.forwards].map(({ name }) => name);
  let name = route.name;
  for (let count = 2; taken.includes(name); count += 1) name = `${route.name.slice(0, 58)}-${count}`;
  const match = Object.keys(read.match).length === 0 ? {} : { match: read.match };
  routes.push({ ...route, name, ...match });
  for (const line of read.used ?? []) draft.tell(line, 'kept');
  return read.changed === null ? 'kept' : { changed: read.changed };
}
