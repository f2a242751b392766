/** Reads what changed at a source, a page at a time. Keeps nothing between two calls: the place says where to go on. */
export interface FeedbackPoller {
  /** The page after `place`, oldest first. Throws `unavailable` when the source does not answer. */
  next(ask: PollAsk): Promise<PollAnswer>;
}

export interface PollAsk {
  /** A repository, a project, a subreddit. */
  readonly part: string;
  /** What the page before ended with, as it was stored; null: from the beginning. */
  readonly place: PollPlace | null;
  readonly token: string | null;
  readonly signal: AbortSignal;
}

/** JSON that only the poller reads. */
export type PollPlace = Readonly<Record<string, unknown>>;

export type PollAnswer =
  | {
      readonly kind: 'page';
      /** As the vendor has them. */
      readonly entries: readonly unknown[];
      readonly place: PollPlace;
      /** There is no more for now. */
      readonly isEnd: boolean;
      /** Milliseconds in which the source wants no further call; 0: it does not mind. */
      readonly restMs: number;
    }
  | { readonly kind: 'unchanged' }
  /** The source wants to be left alone for so many milliseconds. */
  | { readonly kind: 'wait'; readonly ms: number; readonly reason: string }
  /** Another try will not help: no such thing, or not for this token. */
  | { readonly kind: 'refused'; readonly reason: string };
