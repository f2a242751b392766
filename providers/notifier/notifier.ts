import type { ChannelKind, Notice } from '../../contracts/notification.ts';

/** Where a message goes. */
export interface Destination {
  /** A URL, a Slack channel, or email addresses. */
  readonly target: string;
  readonly secret: string;
  /** The address an email comes from; null: what the mail account says. */
  readonly sender: string | null;
}

/**
 * How one attempt ended. `refused` is final: the same message would be refused again. `failed` may go well later, not before
 * `retryAfterMs` where the receiver said so. Reasons are for people and never hold a secret.
 */
export type Answer =
  | { readonly kind: 'accepted'; readonly status: number | null; readonly note: string | null }
  | { readonly kind: 'refused'; readonly status: number | null; readonly reason: string }
  | {
      readonly kind: 'failed';
      readonly status: number | null;
      readonly reason: string;
      readonly retryAfterMs: number | null;
    };

/** Hands messages to one kind of receiver. */
export interface Notifier {
  /**
   * One attempt, within a time of its own and until `signal`. Repeating it hands the same message over again, under the same id: the
   * receiver can tell. What goes wrong is an answer, not an exception.
   */
  deliver(notice: Notice, to: Destination, signal: AbortSignal): Promise<Answer>;
}

export type Notifiers = Readonly<Record<ChannelKind, Notifier>>;

export function refused(reason: string, status: number | null = null): Answer {
  return { kind: 'refused', status, reason };
}

export function failed(
  reason: string,
  status: number | null = null,
  retryAfterMs: number | null = null,
): Answer {
  return { kind: 'failed', status, reason, retryAfterMs };
}

/** One attempt may take this long, in milliseconds, whatever the receiver does. */
export const attemptLimitMs = 15_000;
