import type { ColumnType, Generated } from 'kysely';
import type { LockMode } from '../../domain/feedback-clustering/constraints.ts';

/** The tables of the clusters, a part of db/schema.ts. */
export interface ClusteringTables {
  feedback_clustering: FeedbackClusteringTable;
  feedback_embedding: FeedbackEmbeddingTable;
  feedback_cluster: FeedbackClusterTable;
  cluster_edit: ClusterEditTable;
  cluster_job: ClusterJobTable;
}

/** A json column: parsed on the way out, given as text on the way in. */
type Json<T> = ColumnType<T, string | undefined, string>;

interface FeedbackClusteringTable {
  project: string;
  settings: Json<Record<string, unknown>>;
  /** What makes the vectors; those of two models are not compared. */
  model: string | null;
  fitted_model: Buffer | null;
  /** How many items the model was fitted on. */
  fitted_items: Generated<number>;
  calibrated_threshold: number | null;
  /** Grows with every change of the clusters. */
  revision: Generated<number>;
  full_run_wanted_at: Date | null;
  updated_at: Generated<Date>;
}

interface FeedbackEmbeddingTable {
  project: string;
  model: string;
  content_hash: string;
  /** 32-bit floats, little-endian. */
  vector: Buffer;
  created_at: Generated<Date>;
}

interface ModelText {
  readonly title: string;
  readonly summary: string;
  readonly model: string;
  readonly size: number;
}

interface FeedbackClusterTable {
  id: string;
  project: string;
  title: string;
  summary: string;
  /** Who named it; null: its texts. */
  titled_by: string | null;
  state: Generated<'new' | 'triaged' | 'fixing' | 'fixed' | 'ignored'>;
  fixed_release: string | null;
  fixed_at: Date | null;
  regressed_at: Date | null;
  lock: LockMode | null;
  size: number;
  sources: Json<string[]>;
  representatives: Json<string[]>;
  severity: Json<Record<string, unknown>>;
  owner: ColumnType<Record<string, unknown> | null, string | null | undefined, string | null>;
  /** Of `size` members at that time. */
  model_text: ColumnType<ModelText | null, string | null | undefined, string | null>;
  name_retry_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  first_seen: Date;
  last_seen: Date;
  redirect_to: string | null;
  revision: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

interface ClusterEditTable {
  id: string;
  project: string;
  kind: string;
  body: Json<Record<string, unknown>>;
  before: Json<Record<string, unknown>>;
  edited_by: string;
  at: Generated<Date>;
  undone_by: string | null;
  undone_at: Date | null;
}

interface ClusterJobTable {
  id: string;
  project: string;
  kind: 'arrivals' | 'everything';
  state: Generated<'pending' | 'running' | 'succeeded' | 'failed'>;
  requested_by: string;
  created_at: Generated<Date>;
  started_at: Date | null;
  finished_at: Date | null;
  stats: Json<Record<string, number>>;
  error: string | null;
}
