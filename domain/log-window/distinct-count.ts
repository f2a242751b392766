/**
 * How many different names there were, without keeping any: for each of 256 registers the longest run of zeros that a hash in it began
 * with (HyperLogLog, Flajolet et al. 2007), about 6.5 % off. Registers that saw nothing are left out.
 */
export type DistinctCount = Readonly<Record<string, number>>;

const registers = 256;
/** Corrects what is systematically too much. */
const alpha = 0.7213 / (1 + 1.079 / registers);

export function countNames(names: Iterable<string>): DistinctCount {
  const counted: Record<string, number> = {};
  for (const name of names) {
    const register = hashOf(name, 0x811c9dc5) % registers;
    const rank = Math.clz32(hashOf(name, 0x5bd1e995)) + 1;
    counted[register] = Math.max(counted[register] ?? 0, rank);
  }
  return counted;
}

export function mergeCounts(a: DistinctCount, b: DistinctCount): DistinctCount {
  const merged: Record<string, number> = { ...a };
  for (const [register, rank] of Object.entries(b)) merged[register] = Math.max(merged[register] ?? 0, rank);
  return merged;
}

/** Few names are told by how many registers are empty, which is nearly exact. */
export function distinctOf(counted: DistinctCount): number {
  const ranks = Object.values(counted);
  const empty = registers - ranks.length;
  const sum = empty + ranks.reduce((total, rank) => total + 2 ** -rank, 0);
  const estimate = (alpha * registers ** 2) / sum;
  const isFew = estimate <= 2.5 * registers && empty > 0;
  return Math.round(isFew ? registers * Math.log(registers / empty) : estimate);
}

/** FNV-1a over UTF-16 code units from a seed, spread over all 32 bits by the finish of MurmurHash3. */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
