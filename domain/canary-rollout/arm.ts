import type { VersionBucket } from '../../contracts/proxy.ts';
import { addSketches, type LatencySketch } from '../latency.ts';

/** What one version did in a window. */
export interface ArmTotal {
  readonly requests: number;
  readonly errors: number;
  readonly latency: LatencySketch;
  /** Servers up in its newest second; null when no second was seen. */
  readonly up: number | null;
}

/** Sums the buckets of a version. */
export function totalOf(buckets: readonly VersionBucket[], version: string): ArmTotal {
  const own = buckets.filter((bucket) => bucket.version === version);
  const newest = own.reduce<VersionBucket | null>(
    (last, bucket) => (bucket.second >= (last?.second ?? 0) ? bucket : last),
    null,
  );
  return {
    requests: own.reduce((sum, bucket) => sum + bucket.requests, 0),
    errors: own.reduce((sum, bucket) => sum + bucket.errors, 0),
    latency: own.reduce<LatencySketch>((sum, bucket) => addSketches(sum, bucket.latency), {}),
    up: newest?.up ?? null,
  };
}
