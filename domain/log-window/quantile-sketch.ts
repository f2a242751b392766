/**
 * Counts in buckets whose bounds grow by 2 %, so that a quantile is told within 1 % of its value and sketches add up (DDSketch, Masson
 * et al. 2019). Bucket 0 holds up to a microsecond, bucket i the milliseconds in (0.001 g^(i-1), 0.001 g^i]; the last ends above a day.
 */
export type QuantileSketch = Readonly<Record<string, number>>;

const relativeError = 0.01;
const growth = (1 + relativeError) / (1 - relativeError);
const leastMs = 0.001;
const lastBucket = 1300;

export function sketchOf(values: readonly number[]): QuantileSketch {
  const sketch: Record<string, number> = {};
  for (const ms of values) {
    const bucket = bucketOf(ms);
    sketch[bucket] = (sketch[bucket] ?? 0) + 1;
  }
  return sketch;
}

export function mergeSketches(a: QuantileSketch, b: QuantileSketch): QuantileSketch {
  const sum: Record<string, number> = { ...a };
  for (const [bucket, count] of Object.entries(b)) sum[bucket] = (sum[bucket] ?? 0) + count;
  return sum;
}

/** The q-quantile (0 < q <= 1) in milliseconds, within 1 %; null of an empty sketch. */
export function quantileOf(sketch: QuantileSketch, q: number): number | null {
  const buckets = Object.entries(sketch).map(([bucket, count]) => [Number(bucket), count] as const);
  buckets.sort((a, b) => a[0] - b[0]);
  let rank = Math.ceil(q * buckets.reduce((sum, [, count]) => sum + count, 0));
  for (const [bucket, count] of buckets) {
    rank -= count;
    if (rank <= 0) return valueOf(bucket);
  }
  return null;
}

function bucketOf(ms: number): number {
  if (ms <= leastMs) return 0;
  return Math.min(lastBucket, Math.ceil(Math.log(ms / leastMs) / Math.log(growth) - 1e-9));
}

/** The value that is within the error of every one in the bucket. */
function valueOf(bucket: number): number {
  return bucket === 0 ? leastMs : (leastMs * 2 * growth ** bucket) / (growth + 1);
}
