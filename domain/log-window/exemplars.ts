/** A line as it was, redacted. */
export interface Exemplar {
  readonly message: string;
  /** The first time it was seen, in milliseconds since 1970. */
  readonly atMs: number;
}

const most = 3;

/** The same three of a set in whatever order it came together: those with the smallest hashes, which favours no time and no text. */
export function mergeExemplars(a: readonly Exemplar[], b: readonly Exemplar[]): readonly Exemplar[] {
  const first = new Map<string, number>();
  for (const { message, atMs } of [...a, ...b])
    first.set(message, Math.min(first.get(message) ?? atMs, atMs));
  const ranked = [...first.keys()].map((message) => ({ message, rank: rankOf(message) }));
  ranked.sort((one, other) => one.rank - other.rank || (one.message < other.message ? -1 : 1));
  return ranked.slice(0, most).map(({ message }) => ({ message, atMs: first.get(message) ?? 0 }));
}

function rankOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
