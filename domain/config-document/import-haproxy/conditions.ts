import type { Match } from '../../../contracts/config-document/frontend.ts';
import type { SourceLine } from './source.ts';

/** A condition as a match, or why it is none. */
export type Condition =
  { readonly match: Match; readonly changed: string | null } | { readonly lost: string };

/** What is named by `acl` lines of one frontend; a name may have several, joined by "or". */
export type NamedConditions = ReadonlyMap<string, readonly SourceLine[]>;

/** `if a b`, each a name or a test in braces; all of them must hold. */
export function readCondition(
  words: readonly string[],
  named: NamedConditions,
): Condition & { used?: readonly SourceLine[] } {
  if (words.length === 0) return { match: {}, changed: null };
  if (words[0] !== 'if') return { lost: 'a document knows only "if", with all conditions joined by "and"' };
  const used: SourceLine[] = [];
  let whole: Match = {};
  const changes: string[] = [];
  for (const term of termsOf(words.slice(1))) {
    const lines = typeof term === 'string' && !operators.has(term) ? (named.get(term) ?? []) : [];
    const tests = typeof term === 'string' ? lines.map((line) => (line.words ?? []).slice(2)) : [term];
    if (tests.length === 0) return { lost: `a document cannot say the condition ${String(term)}` };
    const alternatives = tests.map(readTest);
    const joined = alternatives.reduce(eitherOf);
    if ('lost' in joined) return joined;
    const both = bothOf(whole, joined.match);
    if (both === null) return { lost: 'two conditions of one kind cannot be joined by "and"' };
    whole = both;
    if (joined.changed !== null) changes.push(joined.changed);
    used.push(...lines);
  }
  return { match: whole, changed: changes.length === 0 ? null : changes.join('; '), used };
}

const operators = new Set(['or', '||', '{', '!{', '!']);

/** Names, and the words of what stands in braces. */
function termsOf(words: readonly string[]): (string | string[])[] {
  const terms: (string | string[])[] = [];
  let open: string[] | null = null;
  for (const word of words) {
    if (open === null && word === '{') open = [];
    else if (open !== null && word === '}') {
      terms.push(open);
      open = null;
    } else if (open !== null) open.push(word);
    else terms.push(word);
  }
  return open === null ? terms : [...terms, '{'];
}

const hosts = new Set(['hdr(host)', 'req.hdr(host)', 'hdr(Host)', 'req.hdr(Host)']);
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

function readTest(words: readonly string[]): Condition {
  const [criterion = '', ...rest] = words;
  const isInsensitive = rest[0] === '-i';
  const values = isInsensitive ? rest.slice(1) : rest;
  if (values.length === 0 || values.some((value) => value.startsWith('-')))
    return { lost: `a document cannot say the condition ${words.join(' ')}` };
  if (hosts.has(criterion) && values.every(isHost))
    return kept({ hosts: values }, 'hosts are compared without their port, and in any case of letters');
  if (isInsensitive)
    return { lost: `a document compares ${criterion} only in the case of letters that is written` };
  if (criterion === 'method' && values.every(isMethod))
    return kept({ methods: values as (typeof methods)[number][] }, null);
  if (!values.every((value) => /^\/[!-~]{0,511}$/.test(value)))
    return { lost: `a document cannot say the condition ${words.join(' ')}` };
  if (criterion === 'path') return kept({ paths: values }, null);
  if (criterion !== 'path_beg') return { lost: `a document cannot say the condition ${words.join(' ')}` };
  const loose = values.filter((value) => !value.endsWith('/'));
  return kept(
    { prefixes: values },
    loose.length === 0 ? null : `${loose.join(', ')} takes itself and all below it, no longer ${loose[0]}x`,
  );
}

function kept(match: Match, changed: string | null): Condition {
  return { match, changed };
}

function isHost(text: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(text);
}

function isMethod(text: string): boolean {
  return (methods as readonly string[]).includes(text);
}

/** Only tests of one member can be joined by "or"; paths and prefixes are one condition. */
function eitherOf(a: Condition, b: Condition): Condition {
  if ('lost' in a) return a;
  if ('lost' in b) return b;
  const kinds = new Set([...Object.keys(a.match), ...Object.keys(b.match)].map(kindOf));
  if (kinds.size > 1) return { lost: 'conditions of different kinds cannot be joined by "or"' };
  return { match: union(a.match, b.match), changed: a.changed ?? b.changed };
}

function bothOf(a: Match, b: Match): Match | null {
  const kinds = new Set(Object.keys(a).map(kindOf));
  return Object.keys(b).some((name) => kinds.has(kindOf(name))) ? null : { ...a, ...b };
}

function kindOf(member: string): string {
  return member === 'prefixes' ? 'paths' : member;
}

function union(a: Match, b: Match): Match {
  return {
    ...(a.hosts || b.hosts ? { hosts: [...(a.hosts ?? []), ...(b.hosts ?? [])] } : {}),
    ...(a.paths || b.paths ? { paths: [...(a.paths ?? []), ...(b.paths ?? [])] } : {}),
    ...(a.prefixes || b.prefixes ? { prefixes: [...(a.prefixes ?? []), ...(b.prefixes ?? [])] } : {}),
    ...(a.methods || b.methods ? { methods: [...(a.methods ?? []), ...(b.methods ?? [])] } : {}),
  };
}
