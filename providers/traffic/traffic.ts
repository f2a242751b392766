import type { DesiredServer, VersionBucket } from '../../contracts/proxy.ts';

/** What is acted on: one backend of one proxy. */
export interface TrafficTarget {
  readonly project: string;
  readonly service: string;
  readonly proxy: string;
  readonly backend: string;
}

/** The split an operation wants. Weights are percent of requests for each version and add up to 100. */
export interface Split {
  readonly servers: readonly DesiredServer[];
  /** The version that gets everything when the canary is taken off; null before a first release. */
  readonly stable: string | null;
  /** The version on trial: its weight falls to 0 when the lease is gone. null: nothing is on trial, no lease. */
  readonly canary: string | null;
  readonly leaseMs: number | null;
}

export interface Change {
  readonly target: TrafficTarget;
  /** The operation that owns the target. */
  readonly owner: string;
  /** The token this change was decided on: the compare of compare-and-set. */
  readonly token: number;
  /** Names this change: the same id again is answered with the first result, so a retry is harmless. */
  readonly changeId: string;
  readonly split: Split;
}

export interface Proof {
  readonly token: number;
  /** Percent of sessions each version received since the change, by version. */
  readonly share: Readonly<Record<string, number>>;
  readonly sessions: number;
}

export interface TrafficState {
  readonly token: number;
  readonly owner: string | null;
  readonly split: Split;
  /** Why nothing may move but towards stable, or null. */
  readonly stopped: string | null;
  /** The agent took the canary off by itself at this token. */
  readonly tripped: { readonly cause: string; readonly reason: string } | null;
  /** Milliseconds since the proxy's agent was heard; null when never. */
  readonly agentSilentMs: number | null;
}

/**
 * Shifts requests between versions. Every write is a compare-and-set on a dense fencing token and is durable before it is applied,
 * so a caller that came back from the dead changes nothing.
 */
export interface Traffic {
  /** Makes `owner` the owner. Throws `conflict` naming a live owner, `invalid-target` for a backend that cannot be steered, `stopped`. */
  acquire(target: TrafficTarget, owner: string): Promise<TrafficState>;
  /** Sets the desired split. Answers the new token. Throws `fenced` when the token is not the current one, `stopped` when held. */
  setSplit(change: Change): Promise<{ token: number }>;
  /**
   * Waits until the proxy reads back the split of `token` and, where requests flow, the observed share agrees within a binomial
   * bound. Throws `not-verified` at the time-out, `fenced` when the target moved on.
   */
  verify(
    target: TrafficTarget,
    token: number,
    options: { timeoutMs: number; signal: AbortSignal; onProgress: (note: string) => void },
  ): Promise<Proof>;
  /** Renews the lease of the canary's weight. Throws `fenced`, `stopped` or `lease-lost` when it can no longer be renewed. */
  renewLease(target: TrafficTarget, owner: string, token: number, leaseMs: number): Promise<void>;
  /** Towards stable only: takes the canary to 0, whatever the token. Idempotent. Answers the new token. */
  restore(target: TrafficTarget, owner: string, changeId: string, stable: Split): Promise<{ token: number }>;
  /** Counters of finished seconds in (after, until], oldest first. */
  buckets(target: TrafficTarget, after: number, until: number): Promise<VersionBucket[]>;
  read(target: TrafficTarget): Promise<TrafficState>;
  /** Gives the target up. Idempotent; only the owner can. */
  release(target: TrafficTarget, owner: string): Promise<void>;
}
