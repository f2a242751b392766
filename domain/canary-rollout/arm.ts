import type { VersionBucket } from '../../contracts/proxy.ts';
import { addSketches, type LatencySketch } from '../latency.ts';
import type { Counted } from '../measure/measure.ts';

/** What one version did in a window. */
export interface ArmTotal extends Counted {
  /** Servers up in its newest second; null when no second was seen. */
  readonly up: number | null;
}

/** Sums the buckets of a version. */
export function totalOf(buckets: readonly VersionBucket[], version: string): ArmTotal {
  const own = buckets.filter((bucket) => bucket.version === version);
  const latency = own.reduce<LatencySketch>((sum, bucket) => addSketches(sum, bucket.latency), {});
  return {
    requests: own.reduce((sum, bucket) => sum + bucket.requests, 0),
    errors: own.reduce((sum, bucket) => sum + bucket.errors, 0),
    latency,
    measured: Object.values(latency).reduce((sum, count) => sum + count, 0),
    up: own.reduce(newer, null)?.up ?? null,
  };
}

function newer(last: VersionBucket | null, bucket: VersionBucket): VersionBucket {
  return last !== null && last.second > bucket.second ? last : bucket;
}
