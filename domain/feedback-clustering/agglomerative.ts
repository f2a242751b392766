import { OpsError } from '../errors.ts';
import { type RankedAtoms, rankedAtoms } from './atoms.ts';
import { clustersOf, standing } from './clusters.ts';
import { type Component, type Components, componentsOf, edgesBetween } from './components.ts';
import { type DisjointSets, disjointSets, unite } from './disjoint-sets.ts';
import { leadersOf } from './leaders.ts';
import { mergeByChain } from './merge-by-chain.ts';
import { mergeGreedily } from './merge-greedily.ts';
import { plainKernel } from './plain-kernel.ts';
import { joinSimilar, type SimilarityJoin, tilesInOrder } from './similarity-join.ts';
import type { ClusterInput, ClusterOptions, Leaders } from './strategy.ts';
import type { VectorSet } from './vectors.ts';

/** Pairs kept at most: about 60 bytes each while they are merged. Beyond, the nearest-neighbour chain does it without. */
export const edgeBudget = 4_000_000;

/**
 * Average linkage by cosine, cut at the threshold: exactly the clusters that the full matrix of similarities gives, without the matrix.
 * Similar pairs make a graph; its components have nothing to do with each other, so each is merged on its own.
 */
export function agglomerative(input: ClusterInput, options: ClusterOptions): Leaders {
  const { vectors } = input;
  const join = { kernel: plainKernel(vectors), budget: edgeBudget, nextTile: tilesInOrder() };
  checkOptions(options);
  return agglomerate(input, options, joinSimilar(vectors, { threshold: options.threshold, ...join }));
}

/** The second half, for whoever has a faster join. */
export function agglomerate(input: ClusterInput, options: ClusterOptions, join: SimilarityJoin): Leaders {
  checkOptions(options);
  const ranked = rankedAtoms(input);
  const merged = disjointSets(ranked.atoms.length);
  const all = componentsOf(ranked, join);
  for (const component of all.components)
    mergeComponent(
      { vectors: input.vectors, ranked, merged, all, join, threshold: options.threshold },
      component,
    );
  return leadersOf(ranked, merged, options.minSize);
}

export function checkOptions({ threshold, minSize }: ClusterOptions): void {
  if (!(threshold > 0 && threshold <= 1))
    throw new OpsError('invalid-input', `threshold is ${threshold}: give a similarity over 0 and at most 1`);
  if (!Number.isInteger(minSize) || minSize < 1)
    throw new OpsError('invalid-input', `minSize is ${minSize}: give a whole number of at least 1`);
}

interface Work {
  readonly vectors: VectorSet;
  readonly ranked: RankedAtoms;
  readonly merged: DisjointSets;
  readonly all: Components;
  readonly join: SimilarityJoin;
  readonly threshold: number;
}

function mergeComponent({ vectors, ranked, merged, all, join, threshold }: Work, component: Component): void {
  const atoms = component.atoms.flatMap((index) => ranked.atoms[index] ?? []);
  const clusters = clustersOf(vectors, ranked.rows, atoms);
  if (join.edges === null) mergeByChain(clusters, threshold);
  else mergeGreedily(clusters, edgesBetween(clusters, component, all, join.edges), threshold);
  for (const [local, index] of component.atoms.entries())
    unite(merged, index, component.atoms[standing(clusters, local)] ?? index);
}
