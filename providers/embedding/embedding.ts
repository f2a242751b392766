/** Turns texts into vectors. */
export interface Embedding {
  /** Vendor, model and dimensions: `openai/text-embedding-3-small/1536`. Vectors under two names are never compared. */
  readonly model: string;
  readonly dimensions: number;
  /** Texts that one request carries at most. A longer list is asked for in several. */
  readonly batch: number;
  /**
   * One outcome for each text, in their order; one bad text fails no other. Asking again gives the same vectors. Throws `rate-limited` with
   * `retryAfterMs`, `timeout` or `unavailable` when the service as a whole does not answer, refuses the key or does not know the model.
   */
  embed(texts: readonly string[], signal: AbortSignal): Promise<readonly EmbeddingOutcome[]>;
}

/** A vector has the length 1. `retryable` tells whether the same text may go well later. Reasons are for people and hold no key. */
export type EmbeddingOutcome =
  | { readonly kind: 'vector'; readonly vector: Float32Array }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryable: boolean };

export function failed(reason: string, retryable: boolean): EmbeddingOutcome {
  return { kind: 'failed', reason, retryable };
}

/** One request may take this long, in milliseconds: a model that runs on this machine may have to be loaded first. */
export const requestLimitMs = 60_000;
