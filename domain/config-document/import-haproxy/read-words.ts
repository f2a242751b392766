import { nodeAddressVariable } from '../render/word.ts';

/**
 * The words of a line as HAProxy reads them (configuration manual 2.6, section 2.2). null for what depends on the environment, or is not
 * closed: nobody can say what it means without the machine that it is from. The node's own
 * address in a bind, as we render it, is the one exception.
 */
export function readWords(text: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (quote === '' && /\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (quote === '' && character === '#') break;
    else if (quote !== "'" && character === '\\') {
      const escape = readEscape(text, at + 1);
      if (escape === null) return null;
      word = (word ?? '') + escape.value;
      at += escape.length;
    } else if (quote === '"' && character === '$') {
      const isPlaceOfBind = words.length === 1 && words[0] === 'bind' && word === '';
      if (!isPlaceOfBind || !text.startsWith(nodeAddress, at)) return null;
      word = nodeMark;
      at += nodeAddress.length - 1;
    } else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else word = (word ?? '') + character;
  }
  if (quote !== '') return null;
  return word === null ? words : [...words, word];
}

/** Stands for the node's own address; no text of a configuration can hold it. */
export const nodeMark = '\0node';
const nodeAddress = `\${${nodeAddressVariable}}`;

const letters: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function readEscape(text: string, at: number): { value: string; length: number } | null {
  const hexadecimal = /^x([0-9a-fA-F]{2})/.exec(text.slice(at, at + 3));
  if (hexadecimal !== null)
    return { value: String.fromCharCode(Number.parseInt(hexadecimal[1] ?? '', 16)), length: 3 };
  const character = text[at];
  return character === undefined ? null : { value: letters[character] ?? character, length: 1 };
}
