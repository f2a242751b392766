/**
 * Where a key falls in [0, 1), by a seed: the same for ever, on every machine, and even over many keys. Who is below 0.1 is below 0.2
 * as well, so that a share that grows keeps whom it had. MurmurHash3 x86 32 of the UTF-8 of `seed`, U+0000, `key` (A. Appleby, public
 * domain, SMHasher).
 */
export function stickyFraction(seed: string, key: string): number {
  return murmur3(encoder.encode(`${seed}\0${key}`)) / 2 ** 32;
}

const encoder = new TextEncoder();

/** 32 bits, unsigned, with the seed 0. */
export function murmur3(bytes: Uint8Array): number {
  const whole = bytes.length & ~3;
  let hash = 0;
  for (let at = 0; at < whole; at += 4) {
    hash ^= mixed(wordAt(bytes, at, 4));
    hash = (Math.imul(rotated(hash, 13), 5) + 0xe6546b64) | 0;
  }
  if (whole < bytes.length) hash ^= mixed(wordAt(bytes, whole, bytes.length - whole));
  return finished(hash ^ bytes.length);
}

/** Little-endian. */
function wordAt(bytes: Uint8Array, start: number, length: number): number {
  let word = 0;
  for (let at = 0; at < length; at += 1) word |= (bytes[start + at] ?? 0) << (8 * at);
  return word;
}

function mixed(word: number): number {
  return Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function finished(hash: number): number {
  let word = hash;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}
