import { clusteringThreads, type ClusteringThreads } from '../clustering-threads/clustering-threads.ts';
import { calibrateThreshold } from '../domain/feedback-clustering/calibrate-threshold.ts';
import { embedAll } from './feedback-clustering/embedded-sets.ts';
import { noConstraints } from '../domain/feedback-clustering/constraints.ts';
import { lexicalDimensions, textOf } from '../domain/feedback-clustering/lexical-model.ts';
import { dot, rowOf, vectorSet, type VectorSet } from '../domain/feedback-clustering/vectors.ts';
import {
  duplicateSet,
  labelledSets,
  type DuplicateSet,
  type LabelledSet,
} from './feedback-clustering/labelled-sets.ts';
import { type Scores, scoresOf } from './feedback-clustering/scores.ts';

const strategies = ['agglomerative', 'centroid', 'vector_like'] as const;
/** Rows of a set at most: the rules that the peers use take the square of it in plain code. */
const rowsAtMost = 3000;

/**
 * How well the offline embedding and each strategy find the labels of the development sets, with thresholds chosen without labels; and how
 * often a known duplicate is among the most similar reports. Peers: the two online rules, over the same vectors and threshold.
 */
export async function clusterQuality({ note }: { note: (text: string) => void }) {
  const [sets, duplicates] = [await labelledSets(), await duplicateSet()];
  if (sets === null || duplicates === null)
    return { not_measured: 'no data: set HOLDFAST_DATA to its folder' };
  const threads = clusteringThreads({ count: 2 });
  try {
    const figures: Record<string, unknown> = {};
    for (const set of sets) {
      figures[set.name] = await qualityOf(threads, set);
      note(`${set.name}: ${JSON.stringify(figures[set.name])}`);
    }
    return { embedding: 'lexical, offline', ...figures, hadoop_duplicates: retrieval(duplicates) };
  } finally {
    await threads.close();
  }
}

async function qualityOf(threads: ClusteringThreads, { texts, labels }: LabelledSet) {
  const known = labels.slice(0, rowsAtMost);
  const vectors = embedded(texts.slice(0, rowsAtMost));
  const threshold = calibrateThreshold(vectors);
  const found: Record<string, Scores> = {};
  for (const strategy of strategies)
    found[strategy] = await score(threads, vectors, known, strategy, threshold);
  const curve = new Map<number, number>();
  for (let t = 0.1; t < 0.32; t += 0.02)
    curve.set(round(t), (await score(threads, vectors, known, 'agglomerative', t)).ari);
  const [[bestThreshold, bestAri] = [NaN, NaN]] = [...curve].sort(([, a], [, b]) => b - a);
  const labelsKnown = { best_threshold_with_labels: bestThreshold, best_ari_with_labels: bestAri };
  return {
    n: known.length,
    true_k: new Set(known).size,
    threshold: round(threshold),
    ...found,
    ...labelsKnown,
  };
}

async function score(
  threads: ClusteringThreads,
  { values, dimensions, count }: VectorSet,
  labels: readonly string[],
  strategy: (typeof strategies)[number],
  threshold: number,
): Promise<Scores> {
  const ids = Array.from({ length: count }, (_, row) => String(row).padStart(6, '0'));
  const facts = { ids, values, dimensions, fingerprints: ids.map(() => null), constraints: noConstraints };
  const { leaders } = await threads.cluster({ strategy, ...facts, options: { threshold, minSize: 2 } });
  const { ari, pair_f1, v, k } = scoresOf(Array.from(leaders), labels);
  return { ari: round(ari), pair_f1: round(pair_f1), v: round(v), k };
}

function embedded(texts: readonly string[]): VectorSet {
  return vectorSet(embedAll(texts), lexicalDimensions);
}

/** Where the known duplicate of a report stands among all reports by similarity. */
function retrieval({ texts, pairs }: DuplicateSet) {
  const vectors = embedded(texts.map((item) => textOf(item)));
  const ranks = pairs.map(([from, to]) => rankOf(vectors, from, to));
  const within = (most: number) => round(ranks.filter((rank) => rank <= most).length / ranks.length);
  const reciprocal = ranks.reduce((sum, rank) => sum + 1 / rank, 0) / ranks.length;
  return {
    pairs: pairs.length,
    recall_1: within(1),
    recall_5: within(5),
    recall_10: within(10),
    mrr: round(reciprocal),
  };
}

function rankOf(vectors: VectorSet, from: number, to: number): number {
  const row = rowOf(vectors, from);
  const target = dot(row, rowOf(vectors, to));
  let rank = 1;
  for (let other = 0; other < vectors.count; other += 1)
    if (other !== from && other !== to && dot(row, rowOf(vectors, other)) > target) rank += 1;
  return rank;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
