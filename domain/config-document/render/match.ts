import type { Match } from '../../../contracts/config-document/frontend.ts';
import { line, type Line } from './line.ts';

/** HAProxy takes at most 64 words in a line. */
const valuesInLine = 40;

/** The named conditions of a route, all of which must hold, and the lines that define them. */
export interface Conditions {
  readonly names: readonly string[];
  readonly lines: readonly Line[];
}

/** Lines with the same name are joined by "or". A value is never written in a condition itself, where a brace would end it. */
export function matchConditions(route: string, match: Match, pointer: string): Conditions {
  const lines = [
    ...hostLines(`${route}.host`, match.hosts ?? [], `${pointer}/hosts`),
    ...pathLines(`${route}.path`, match, pointer),
    ...aclLines(`${route}.method`, ['method', '-m', 'str'], match.methods ?? [], `${pointer}/methods`),
    ...headerMatchLines(route, match, pointer),
  ];
  const names = lines.flatMap(({ words: [, name] }) => (typeof name === 'string' ? [name] : []));
  return { names: [...new Set(names)], lines };
}

function hostLines(name: string, hosts: readonly string[], pointer: string): Line[] {
  const fetch = 'req.hdr(host),host_only';
  const isWild = (host: string): boolean => host.startsWith('*.');
  const exact = hosts.filter((host) => !isWild(host));
  const wild = hosts.filter(isWild).map((host) => host.slice(1));
  return [
    ...aclLines(name, [fetch, '-m', 'str', '-i'], exact, pointer),
    ...aclLines(name, [fetch, '-m', 'end', '-i'], wild, pointer),
  ];
}

function pathLines(name: string, { paths = [], prefixes = [] }: Match, pointer: string): Line[] {
  const roots = prefixes.filter((prefix) => !prefix.endsWith('/'));
  const below = prefixes.map((prefix) => (prefix.endsWith('/') ? prefix : `${prefix}/`));
  return [
    ...aclLines(name, ['path', '-m', 'str'], paths, `${pointer}/paths`),
    ...aclLines(name, ['path', '-m', 'str'], roots, `${pointer}/prefixes`),
    ...aclLines(name, ['path', '-m', 'beg'], below, `${pointer}/prefixes`),
  ];
}

function headerMatchLines(route: string, { headers = [] }: Match, pointer: string): Line[] {
  return headers.flatMap(({ name, value, prefix }, index) => {
    const acl = `${route}.header${index}`;
    const fetch = `req.fhdr(${name})`;
    const at = `${pointer}/headers/${index}`;
    if (value !== undefined) return aclLines(acl, [fetch, '-m', 'str'], [value], at);
    if (prefix !== undefined) return aclLines(acl, [fetch, '-m', 'beg'], [prefix], at);
    return [line(at, 'acl', acl, fetch, '-m', 'found')];
  });
}

/** `--` so that a value which looks like a flag is none. */
function aclLines(name: string, test: readonly string[], values: readonly string[], pointer: string): Line[] {
  const lines: Line[] = [];
  for (let at = 0; at < values.length; at += valuesInLine)
    lines.push(line(pointer, 'acl', name, ...test, '--', ...values.slice(at, at + valuesInLine)));
  return lines;
}
