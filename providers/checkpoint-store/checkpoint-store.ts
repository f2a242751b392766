/** A signed checkpoint and the number of entries that it covers. */
export interface StoredCheckpoint {
  readonly size: number;
  readonly note: string;
}

/**
 * Where signed checkpoints are published: a place that the owner of the database cannot rewrite. It only grows; what stands in it is
 * as good as its distance from the database.
 */
export interface CheckpointStore {
  /** Adds a checkpoint. Adding the same one again changes nothing. Throws `conflict` when another one of that size is there. */
  append(project: string, checkpoint: StoredCheckpoint): Promise<void>;
  /** The one of the most entries, or null. */
  latest(project: string): Promise<StoredCheckpoint | null>;
  /** All of a project, by size. */
  list(project: string): Promise<StoredCheckpoint[]>;
}
