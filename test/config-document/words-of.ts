/**
 * The words of a line as HAProxy 2.6 reads them, written from section 2.2 of its manual and not from our renderer: blanks part, quotes
 * and backslashes protect, `#` ends, `$` in double quotes expands. Throws where an environment variable would be read.
 */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  let word: number[] | null = null;
  let quote: '"' | "'" | null = null;
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 1) {
    const character = String.fromCharCode(bytes[at] ?? 0);
    if (quote === null && (character === ' ' || character === '\t')) {
      if (word !== null) words.push(Buffer.from(word).toString());
      word = null;
      continue;
    }
    if (quote === null && character === '#') break;
    word ??= [];
    if (quote !== "'" && character === '\\') {
      const hexadecimal = /^x([0-9a-f]{2})/i.exec(bytes.subarray(at + 1, at + 4).toString('latin1'));
      if (hexadecimal === null) throw new Error(`an escape that we do not write: ${text}`);
      word.push(Number.parseInt(hexadecimal[1] ?? '', 16));
      at += 3;
    } else if (quote !== '"' && character === "'") quote = quote === null ? "'" : null;
    else if (quote !== "'" && character === '"') quote = quote === null ? '"' : null;
    else if (quote === '"' && character === '$') throw new Error(`reads the environment: ${text}`);
    else word.push(bytes[at] ?? 0);
  }
  if (quote !== null) throw new Error(`a quote stays open: ${text}`);
  if (word !== null) words.push(Buffer.from(word).toString());
  return words;
}
