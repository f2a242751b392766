import type { Match, Route } from '../../../contracts/config-document/frontend.ts';
import { type ConfigProblem, problem } from '../problem.ts';

/** Routes that never get a request, because an earlier one takes all of theirs. */
export function reachProblems(routes: readonly Route[], pointer: string): ConfigProblem[] {
  return routes.flatMap((route, index) => {
    const before = routes.slice(0, index).find((earlier) => covers(earlier, route));
    if (before === undefined) return [];
    const detail = `(route ${route.name}) never gets a request: ${before.name} comes first and takes all of its; move it up, or make ${before.name} match less`;
    return [problem(`${pointer}/${index}`, detail)];
  });
}

/** Sound, not complete: what is answered true is true; two routes that only together take everything are not seen. */
function covers({ match: wide = {}, redirect }: Route, { match: narrow = {} }: Route): boolean {
  // Whoever came by TLS already goes past a redirect to https.
  if (redirect?.scheme !== undefined) return false;
  return (
    coversHosts(wide.hosts, narrow.hosts) &&
    coversPaths(wide, narrow) &&
    coversItems(wide.methods, narrow.methods, (a, b) => a === b) &&
    (wide.headers ?? []).every((a) => (narrow.headers ?? []).some((b) => coversHeader(a, b)))
  );
}

function coversItems<T>(
  wide: readonly T[] | undefined,
  narrow: readonly T[] | undefined,
  takes: (wide: T, narrow: T) => boolean,
): boolean {
  if (wide === undefined) return true;
  return narrow !== undefined && narrow.every((b) => wide.some((a) => takes(a, b)));
}

function coversHosts(wide: Match['hosts'], narrow: Match['hosts']): boolean {
  return coversItems(wide, narrow, (a, b) => {
    const [outer, inner] = [a.toLowerCase(), b.toLowerCase()];
    return outer === inner || (outer.startsWith('*.') && inner.endsWith(outer.slice(1)));
  });
}

function coversPaths(wide: Match, narrow: Match): boolean {
  if (wide.paths === undefined && wide.prefixes === undefined) return true;
  if (narrow.paths === undefined && narrow.prefixes === undefined) return takesBelow(wide, '/');
  const exact = (narrow.paths ?? []).every((path) => takesPath(wide, path));
  return exact && (narrow.prefixes ?? []).every((prefix) => takesBelow(wide, prefix));
}

function takesPath({ paths = [], prefixes = [] }: Match, path: string): boolean {
  return paths.includes(path) || prefixes.some((prefix) => isBelow(prefix, path));
}

function takesBelow({ prefixes = [] }: Match, narrow: string): boolean {
  return prefixes.some((prefix) => isBelow(prefix, narrow));
}

function isBelow(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

type HeaderMatch = NonNullable<Match['headers']>[number];

function coversHeader(wide: HeaderMatch, narrow: HeaderMatch): boolean {
  if (wide.name.toLowerCase() !== narrow.name.toLowerCase()) return false;
  if (wide.value !== undefined) return wide.value === narrow.value;
  if (wide.prefix !== undefined) return (narrow.value ?? narrow.prefix ?? '').startsWith(wide.prefix);
  return true;
}
