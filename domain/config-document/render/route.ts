import type { Route } from '../../../contracts/config-document/frontend.ts';
import { headerLines } from './headers.ts';
import { line, type Line } from './line.ts';
import { matchConditions } from './match.ts';
import { literalFormat } from './word.ts';

/** Holds the name of the route that took the request; logs may show it. */
export const routeVariable = 'txn.holdfast_route';
export const routeExpression = `var(${routeVariable})`;

/** Lines of a route, by where they stand in the frontend: HAProxy warns of rules that come too late. */
export interface RouteLines {
  readonly choose: readonly Line[];
  readonly change: readonly Line[];
  readonly answer: readonly Line[];
  readonly forward: readonly Line[];
  readonly respond: readonly Line[];
}

/** The first route whose conditions hold writes its name into the variable; everything else asks for the name. */
export function routeLines(route: Route, pointer: string): RouteLines {
  const { names, lines } = matchConditions(route.name, route.match ?? {}, `${pointer}/match`);
  const isFree = ['!{', routeExpression, '-m', 'found', '}'];
  const isChosen = ['if', '{', routeExpression, '-m', 'str', '--', route.name, '}'];
  const set = ['http-request', `set-var(${routeVariable})`, `str(${route.name})`];
  return {
    choose: [...lines, line(pointer, ...set, 'if', ...isFree, ...names, ...notByTls(route))],
    change: headerLines('http-request', route.requestHeaders, `${pointer}/requestHeaders`, isChosen),
    answer: [...redirectLines(route, pointer, isChosen), ...answerLines(route, pointer, isChosen)],
    forward:
      route.backend === undefined
        ? []
        : [line(`${pointer}/backend`, 'use_backend', route.backend, ...isChosen)],
    respond: headerLines(
      'http-after-response',
      route.responseHeaders,
      `${pointer}/responseHeaders`,
      isChosen,
    ),
  };
}

function redirectLines({ redirect }: Route, pointer: string, isChosen: readonly string[]): Line[] {
  if (redirect === undefined) return [];
  const { scheme, prefix, location, status = 302 } = redirect;
  const write = (kind: string, target: string): Line =>
    line(`${pointer}/redirect`, ...['http-request', 'redirect', kind, target, 'code', status, ...isChosen]);
  if (scheme !== undefined) return [write('scheme', scheme)];
  if (prefix !== undefined) return [write('prefix', literalFormat(prefix))];
  return location === undefined ? [] : [write('location', literalFormat(location))];
}

/** Who came by TLS already goes past a redirect to https, to the next route that matches. */
function notByTls({ redirect }: Route): string[] {
  return redirect?.scheme === undefined ? [] : ['!{', 'ssl_fc', '}'];
}

function answerLines({ answer }: Route, pointer: string, isChosen: readonly string[]): Line[] {
  if (answer === undefined) return [];
  const { status, contentType = 'text/plain; charset=utf-8', body = '' } = answer;
  const content = body === '' ? [] : ['content-type', contentType, 'string', body];
  return [line(`${pointer}/answer`, 'http-request', 'return', 'status', status, ...content, ...isChosen)];
}
