/** Writes text. What it answers is never trusted: whoever asks checks it as if a stranger had typed it. */
export interface LanguageModel {
  /** Vendor and model: `openai/gpt-5-mini`. */
  readonly name: string;
  /**
   * One answer to one question; asking again may give another. Throws `rate-limited` with `retryAfterMs`, `timeout` or `unavailable` when
   * the service does not answer, and `invalid-input` when it refuses what it was asked.
   */
  complete(asked: Completion, signal: AbortSignal): Promise<string>;
}

export interface Completion {
  /** What the model is to do. */
  readonly instructions: string;
  /** What it is to do it with; may hold what strangers wrote. */
  readonly text: string;
  /** Of the answer, in tokens. */
  readonly longest: number;
}

/** One answer may take this long, in milliseconds: a model that runs on this machine may have to be loaded first. */
export const answerLimitMs = 60_000;
