import { OpsError } from '../errors.ts';
import { cosine, type VectorSet } from './vectors.ts';

/** How many deviations above what is usual between two items their similarity must be. Chosen on labelled sets, see docs/feedback-clustering.md. */
const deviations = 3.4;
/** Makes of a median absolute deviation the standard deviation of a normal distribution (Rousseeuw and Croux 1993). */
const normal = 1.4826;
const items = 1000;

/**
 * A threshold without labels. Two items of a project mostly have nothing to do with each other, so the similarities of all pairs show what
 * is mere chance with these texts and this model; the threshold is their median and 3.4 deviations. Median and median deviation, because
 * a project of few topics has many pairs that are no chance, and they must not move it. Looks at 1,000 items at most, spread evenly over
 * the rows. Throws `invalid-input` when there are too few to tell.
 */
export function calibrateThreshold(vectors: VectorSet): number {
  const rows = spread(vectors);
  if (rows.length < 20)
    throw new OpsError(
      'invalid-input',
      `only ${rows.length} items have a vector: a threshold can be calibrated from 20 on; set one until then`,
    );
  const similarities = allPairs(vectors, rows).sort();
  const usual = middle(similarities);
  const away = similarities.map((similarity) => Math.abs(similarity - usual)).sort();
  return Math.min(0.99, Math.max(0.01, usual + deviations * normal * middle(away)));
}

function allPairs(vectors: VectorSet, rows: readonly number[]): Float64Array {
  const similarities = new Float64Array((rows.length * (rows.length - 1)) / 2);
  let at = 0;
  for (const [index, a] of rows.entries())
    for (const b of rows.slice(index + 1)) similarities[at++] = cosine(vectors, a, b);
  return similarities;
}

function middle(sorted: Float64Array): number {
  return sorted[sorted.length >> 1] ?? 0;
}

function spread({ count, inverseLengths }: VectorSet): number[] {
  const rows = [...inverseLengths.keys()].filter((row) => (inverseLengths[row] ?? 0) > 0);
  const step = Math.max(1, count / items);
  return rows.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}
