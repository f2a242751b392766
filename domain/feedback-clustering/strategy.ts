import type { Constraints } from './constraints.ts';
import type { VectorSet } from './vectors.ts';

/** Facts about the items, all in the same order, which does not matter: items are told apart, and ties are decided, by their ids. */
export interface ClusterInput {
  readonly ids: readonly string[];
  readonly vectors: VectorSet;
  /** What makes an error the same error, null for an item that has none. Equal ones are one cluster before anything else is compared. */
  readonly fingerprints: readonly (string | null)[];
  readonly constraints: Constraints;
}

export interface ClusterOptions {
  /** Similarity from which on two clusters are one: over 0, at most 1. */
  readonly threshold: number;
  /** Smaller clusters come apart into single items, except those that people or a fingerprint made. */
  readonly minSize: number;
}

/** Which items belong together: for each row, the row of the item with the smallest id of its cluster. */
export type Leaders = Int32Array;

/** A way to cluster. Pure: the same items give the same clusters, in whatever order they come. */
export type Strategy = (input: ClusterInput, options: ClusterOptions) => Leaders;
