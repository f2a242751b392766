import type { VersionBucket } from '../contracts/proxy.ts';
import type { Db } from './connect.ts';
import { readReport } from './proxy.ts';
import type { StoredSplit } from './schema.ts';
import { versionBuckets } from './server-sample.ts';
import {
  acquireTarget,
  readTarget,
  releaseTarget,
  renewLease,
  restoreSplit,
  setSplit,
  stopReason,
  type AcquireResult,
  type ChangeResult,
  type TargetKey,
  type TargetRow,
} from './traffic-target.ts';

interface TargetChange {
  readonly target: TargetKey;
  readonly owner: string;
  readonly token: number;
  readonly changeId: string;
  readonly split: StoredSplit;
}

/** The queries behind the shape that providers/traffic asks for; the workers put the two together. */
export interface PostgresDesiredState {
  acquire(target: TargetKey, owner: string): Promise<AcquireResult>;
  setSplit(change: TargetChange): Promise<ChangeResult>;
  restore(target: TargetKey, owner: string, changeId: string, stable: StoredSplit): Promise<ChangeResult>;
  renewLease(target: TargetKey, owner: string, token: number, leaseMs: number): Promise<ChangeResult>;
  release(target: TargetKey, owner: string): Promise<void>;
  read(target: TargetKey): Promise<TargetRow | undefined>;
  stopReason(target: TargetKey): Promise<string | null>;
  report(proxy: string): ReturnType<typeof readReport>;
  buckets(target: TargetKey, after: number, until: number): Promise<VersionBucket[]>;
}

export function createDesiredStateStore(db: Db): PostgresDesiredState {
  return {
    acquire: (target, owner) => acquireTarget(db, target, owner),
    setSplit: ({ target, ...change }) => setSplit(db, { key: target, ...change }),
    restore: (key, owner, changeId, split) => restoreSplit(db, { key, owner, changeId, split }),
    renewLease: (key, owner, token, leaseMs) => renewLease(db, { key, owner, token, leaseMs }),
    release: (target, owner) => releaseTarget(db, target, owner),
    read: (target) => readTarget(db, target),
    stopReason: (target) => stopReason(db, target),
    report: (proxy) => readReport(db, proxy),
    buckets: (target, after, until) => versionBuckets(db, target, after, until),
  };
}
