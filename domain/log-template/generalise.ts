import { anything } from './mask-token.ts';

/** So many different words at one place, all else alike, and the place is held to vary. */
const slotValues = 8;
/** Longer lines are compared as a whole: nobody reads their places. */
const longest = 80;

/**
 * The template of each masked line, as a miner finds them (miner.ts), but of a whole set at once: the same set gives the same templates
 * in whatever order it came together, so that processes that share a store agree. Ten thousand lines take some 100 ms.
 */
export function generalise(texts: Iterable<string>): Map<string, string> {
  const templateOf = new Map([...new Set(texts)].sort().map((text) => [text, text]));
  for (;;) {
    const wider = widen([...new Set(templateOf.values())]);
    if (wider.size === 0) return templateOf;
    for (const [text, template] of templateOf) templateOf.set(text, wider.get(template) ?? template);
  }
}

/** Templates that become more general, with what they become; empty when nothing varies any more, which each step brings nearer. */
function widen(templates: readonly string[]): Map<string, string> {
  const lines = templates
    .map((text) => ({ text, words: text.split(' ') }))
    .filter(({ words }) => hasPlaces(words));
  const likely = likelySlots(lines.map(({ words }) => words));
  const counts = new Map<string, number>();
  const slots = lines.map(({ text, words }, line) => ({
    text,
    names: (likely[line] ?? []).map((place) => ({ place, name: slotOf(words, place) })),
    words,
  }));
  for (const { names } of slots) for (const { name } of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const wider = new Map<string, string>();
  for (const { text, names, words } of slots) {
    let best = { count: slotValues - 1, place: -1 };
    for (const { place, name } of names) {
      const count = counts.get(name) ?? 0;
      if (count > best.count) best = { count, place };
    }
    if (best.place >= 0 && words[best.place] !== anything)
      wider.set(text, words.with(best.place, anything).join(' '));
  }
  return wider;
}

function hasPlaces(words: readonly string[]): boolean {
  return words.length > 1 && words.length <= longest;
}

/** Of each line the places whose slot enough lines may share, by sums of hashes: only those are worth writing out and comparing. */
function likelySlots(lines: readonly (readonly string[])[]): number[][] {
  const counts = new Map<number, number>();
  const keys = lines.map(keysOf);
  for (const own of keys) for (const key of own) counts.set(key, (counts.get(key) ?? 0) + 1);
  return keys.map((own) =>
    own.flatMap((key, place) => ((counts.get(key) ?? 0) >= slotValues ? [place] : [])),
  );
}

/** For each place a number that is the same for all lines that differ there alone. */
function keysOf(words: readonly string[]): number[] {
  const hashes = words.map((word, place) => hashOf(word, place));
  const sum = hashes.reduce((total, hash) => total + hash, 0);
  return hashes.map((hash, place) => (sum - hash) * longest + place);
}

/** FNV-1a, spread: 32 bits, of which the sum over a line is exact in a double. */
function hashOf(word: string, place: number): number {
  let hash = Math.imul(place + 1, 0x9e3779b1) ^ 0x811c9dc5;
  for (let at = 0; at < word.length; at += 1) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** The line with one place left open. */
function slotOf(words: readonly string[], place: number): string {
  return `${place}\u0000${words.with(place, '\u0000').join(' ')}`;
}
