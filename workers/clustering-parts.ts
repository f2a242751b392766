import { availableParallelism } from 'node:os';
import { ulid } from 'ulid';
import type { FeedbackClusteringTools } from '../activities/feedback-clustering/tools.ts';
import { clusteringThreads, sharedRows } from '../clustering-threads/clustering-threads.ts';
import { similarityIndex } from '../clustering-threads/similarity-index.ts';
import type { LanguageModel } from '../providers/llm/language-model.ts';
import type { Embedding } from '../providers/embedding/embedding.ts';

export type ClusteringParts = Omit<FeedbackClusteringTools, 'db'>;

/** More would leave no core to those who wait for an answer. */
const threadsAtMost = 4;

/** What compares and embeds; threads start with the first comparison. */
export function createClusteringParts(
  clustering: FeedbackClusteringTools['clustering'],
  embedding: Embedding | null,
  languageModel: LanguageModel | null = null,
): ClusteringParts {
  const threads = clusteringThreads({ count: Math.min(threadsAtMost, availableParallelism()) });
  return {
    ...{ threads, sharedRows, embedding, languageModel, clustering },
    createIndex: similarityIndex,
    newId: () => ulid(),
  };
}
