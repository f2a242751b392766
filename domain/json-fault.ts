const deepest = 64;

/** One open object or array. */
interface Level {
  /** The names so far; null in an array. */
  readonly names: Set<string> | null;
  /** The next text is a name. */
  awaitsName: boolean;
}

/**
 * What stands against a JSON text although a parser would take it: nested deeper than 64, a name that comes twice in an object or is
 * `__proto__`, a number beyond what a double holds, a text with U+0000 or half a surrogate pair, which PostgreSQL does not store.
 * Answers null where there is nothing; broken syntax is left to the parser. One pass, no recursion.
 */
export function jsonFault(text: string): string | null {
  const levels: Level[] = [];
  let at = 0;
  while (at < text.length) {
    const end = endOfToken(text, at);
    const fault = tokenFault(text.slice(at, end), levels);
    if (fault !== null) return fault;
    at = end;
  }
  return null;
}

function tokenFault(token: string, levels: Level[]): string | null {
  const level = levels.at(-1);
  switch (token[0]) {
    case '{':
    case '[':
      levels.push({ names: token === '{' ? new Set() : null, awaitsName: token === '{' });
      return levels.length > deepest ? `it is nested deeper than ${deepest}` : null;
    case '}':
    case ']':
      levels.pop();
      return null;
    case ',':
      if (level !== undefined) level.awaitsName = level.names !== null;
      return null;
    case '"':
      return textFault(token, level);
    default:
      return numberFault(token);
  }
}

function textFault(token: string, level: Level | undefined): string | null {
  const text = valueOf(token);
  if (text === null) return null;
  if (text.includes('\0')) return 'a text holds the character U+0000, which cannot be stored';
  if (!text.isWellFormed()) return 'a text holds half a surrogate pair, which is no character';
  if (level?.names == null || !level.awaitsName) return null;
  level.awaitsName = false;
  if (text === '__proto__') return 'the name __proto__ is not taken';
  if (level.names.has(text)) return `the name ${JSON.stringify(text.slice(0, 60))} comes twice in one object`;
  level.names.add(text);
  return null;
}

function numberFault(token: string): string | null {
  return /^-?[0-9]/.test(token) && Math.abs(Number(token)) === Infinity
    ? 'a number is beyond what a double holds'
    : null;
}

/** null: no JSON string, which the parser will say. */
function valueOf(token: string): string | null {
  if (!token.includes('\\')) return token.slice(1, -1);
  try {
    return JSON.parse(token) as string;
  } catch {
    return null;
  }
}

function endOfToken(text: string, start: number): number {
  const first = text[start] ?? '';
  if (first === '"') return endOfString(text, start);
  if (isStructure(first)) return start + 1;
  let at = start + 1;
  while (at < text.length && text[at] !== '"' && !isStructure(text[at] ?? '')) at += 1;
  return at;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isStructure(character: string): boolean {
  return '{}[],: \t\r\n'.includes(character);
}
