import type { ClusteringThreads } from '../../clustering-threads/clustering-threads.ts';
import type { SimilarityIndex } from '../../clustering-threads/similarity-index.ts';
import type { Db } from '../../db/connect.ts';
import type { ClusteringSettings } from '../../domain/feedback-clustering/settings.ts';
import type { LanguageModel } from '../../providers/llm/language-model.ts';
import type { Embedding } from '../../providers/embedding/embedding.ts';

/** What the keeping of clusters works with; given by the worker, replaced by twins in tests. */
export interface FeedbackClusteringTools {
  readonly db: Db;
  readonly threads: ClusteringThreads;
  readonly createIndex: (dimensions: number) => SimilarityIndex;
  readonly sharedRows: (count: number, dimensions: number) => Float32Array;
  /** null: the offline lexical embedding. */
  readonly embedding: Embedding | null;
  /** null: clusters have the words of their items. */
  readonly languageModel: LanguageModel | null;
  /** What the installation has where a project chose nothing. */
  readonly clustering: ClusteringSettings;
  /** Ids that sort by time. */
  readonly newId: () => string;
}
