/** How often each feature is in a text, by the feature's hash. */
export interface LexicalFeatures {
  readonly words: ReadonlyMap<number, number>;
  /** Of 3 to 5 characters within a word and the spaces around it: what inflections, typing errors and compounds have in common. */
  readonly grams: ReadonlyMap<number, number>;
}

const shortestGram = 3;
const longestGram = 5;

/** Unicode-safe: letters and digits of every script, in one normal form and case. */
export function lexicalFeatures(text: string): LexicalFeatures {
  const words = new Map<number, number>();
  const grams = new Map<number, number>();
  for (const word of wordsOf(text)) {
    count(words, hashOfWord(word));
    const padded = ` ${word} `;
    for (let length = shortestGram; length <= longestGram; length += 1)
      for (let from = 0; from + length <= padded.length; from += 1)
        count(grams, hashOf(padded, from, from + length));
  }
  return { words, grams };
}

/** In the order of the text, in one normal form and case. */
export function wordsOf(text: string): string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  );
}

/** The feature that a whole word is. */
export function hashOfWord(word: string): number {
  return hashOf(word, 0, word.length);
}

function count(counts: Map<number, number>, feature: number): void {
  counts.set(feature, (counts.get(feature) ?? 0) + 1);
}

/** FNV-1a over UTF-16 code units, and the finish of MurmurHash3 to spread it over all 32 bits. */
function hashOf(text: string, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
