import type { Constraints } from '../domain/feedback-clustering/constraints.ts';
import type { EdgeList } from '../domain/feedback-clustering/edge-list.ts';
import type { StrategyName } from '../domain/feedback-clustering/strategies.ts';
import type { ClusterOptions, Leaders } from '../domain/feedback-clustering/strategy.ts';

/** One run of a strategy. Rows, ids and fingerprints are in the same order. */
export interface ClusteringJob {
  readonly strategy: StrategyName;
  readonly ids: readonly string[];
  /** Rows one after the other; shared with the threads as they are when they lie in shared memory, else copied there once. */
  readonly values: Float32Array;
  readonly dimensions: number;
  readonly fingerprints: readonly (string | null)[];
  readonly constraints: Constraints;
  readonly options: ClusterOptions;
}

/** What a thread is asked: the whole job, its share of the similar pairs, or the clusters that follow from all shares. */
export type Request =
  | { readonly kind: 'run'; readonly job: ClusteringJob; readonly edgeBudget: number }
  | { readonly kind: 'join'; readonly share: Share }
  | { readonly kind: 'merge'; readonly job: ClusteringJob; readonly parts: readonly JoinedPart[] };

export interface Share {
  readonly values: Float32Array;
  readonly dimensions: number;
  readonly threshold: number;
  readonly budget: number;
  /** The number of the next tile, in shared memory. */
  readonly next: Int32Array;
}

/** What comes out of a job. */
export interface Clustered {
  readonly leaders: Leaders;
  /** Rows that hang together by similar pairs, people or fingerprints, as `parents` of disjoint sets: no cluster reaches beyond one. */
  readonly parents: Int32Array;
}

/** What one thread found of a join. */
export interface JoinedPart {
  readonly edges: EdgeList | null;
  readonly parents: Int32Array;
}

export type Answer =
  | { readonly kind: 'joined'; readonly part: JoinedPart }
  | { readonly kind: 'clustered'; readonly clustered: Clustered }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly detail: object };

/** The buffers of a part, to hand them over without a copy. */
export function buffersOf({ edges, parents }: JoinedPart): ArrayBuffer[] {
  const columns = edges === null ? [parents] : [parents, edges.left, edges.right, edges.similarity];
  return columns.map(({ buffer }) => buffer as ArrayBuffer);
}
