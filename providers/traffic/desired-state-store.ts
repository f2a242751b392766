import type { ProxyReport, VersionBucket } from '../../contracts/proxy.ts';
import type { Change, Split, TrafficTarget } from './traffic.ts';

/** `reconfiguring` is over in seconds: asking again is all it takes. */
export type StoreRefusal = 'fenced' | 'stopped' | 'tripped' | 'reconfiguring';

export type StoreChange =
  | { readonly ok: true; readonly token: number }
  | { readonly ok: false; readonly reason: StoreRefusal; readonly detail: string };

export type StoreAcquire =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'conflict' | 'stopped'; readonly detail: string };

export interface StoredTarget {
  readonly token: number;
  readonly owner: string | null;
  readonly split: Split;
  readonly tripped: { readonly cause: string; readonly reason: string } | null;
}

export interface AgentReport {
  readonly silentMs: number;
  readonly report: Omit<ProxyReport, 'samples' | 'trips'>;
}

/** Where the desired state lives: Postgres behind a fencing token. Every change is one transaction. */
export interface DesiredStateStore {
  acquire(target: TrafficTarget, owner: string): Promise<StoreAcquire>;
  setSplit(change: Change): Promise<StoreChange>;
  restore(target: TrafficTarget, owner: string, changeId: string, stable: Split): Promise<StoreChange>;
  renewLease(target: TrafficTarget, owner: string, token: number, leaseMs: number): Promise<StoreChange>;
  release(target: TrafficTarget, owner: string): Promise<void>;
  read(target: TrafficTarget): Promise<StoredTarget | undefined>;
  /** Why nothing may move but towards stable, or null. */
  stopReason(target: TrafficTarget): Promise<string | null>;
  /** What the agent last said; undefined when it was never heard. */
  report(proxy: string): Promise<AgentReport | undefined>;
  buckets(target: TrafficTarget, after: number, until: number): Promise<VersionBucket[]>;
}
