import { checkOptions } from './agglomerative.ts';
import { rankedAtoms } from './atoms.ts';
import { disjointSets } from './disjoint-sets.ts';
import { leadersOf } from './leaders.ts';
import type { ClusterInput, ClusterOptions, Leaders } from './strategy.ts';

/** Errors by their fingerprints, and nothing more: what every strategy begins with, for who wants no comparing of texts. */
export function fingerprintOnly(input: ClusterInput, options: ClusterOptions): Leaders {
  checkOptions(options);
  const ranked = rankedAtoms(input);
  return leadersOf(ranked, disjointSets(ranked.atoms.length), options.minSize);
}
