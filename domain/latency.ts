/**
 * Latency sketch: counts in buckets whose bounds grow by 5 %, so that a quantile is told within 5 % and sketches add up.
 * Bucket i holds latencies in (1.05^(i-1), 1.05^i] ms; bucket 0 holds up to 1 ms. The last bucket, 283, ends above 16 minutes.
 */
const growth = Math.log(1.05);
const lastBucket = 283;

export type LatencySketch = Readonly<Record<string, number>>;

/** The bucket of a latency in milliseconds. */
export function latencyBucket(ms: number): number {
  if (ms <= 1) return 0;
  return Math.min(lastBucket, Math.ceil(Math.log(ms) / growth - 1e-9));
}

/** Upper bound of a bucket in milliseconds. */
export function bucketUpperMs(bucket: number): number {
  return Math.exp(bucket * growth);
}

/** The q-quantile (0 < q <= 1) in milliseconds, or null of an empty sketch: the upper bound of the bucket that holds it. */
export function quantileMs(sketch: LatencySketch, q: number): number | null {
  const buckets = Object.entries(sketch)
    .map(([bucket, count]) => [Number(bucket), count] as const)
    .sort((a, b) => a[0] - b[0]);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  let rank = Math.ceil(q * total);
  for (const [bucket, count] of buckets) {
    rank -= count;
    if (rank <= 0) return bucketUpperMs(bucket);
  }
  return null;
}

export function addSketches(a: LatencySketch, b: LatencySketch): LatencySketch {
  const sum: Record<string, number> = { ...a };
  for (const [bucket, count] of Object.entries(b)) sum[bucket] = (sum[bucket] ?? 0) + count;
  return sum;
}
