import { OpsError } from '../errors.ts';
import { cosine, type VectorSet } from './vectors.ts';

/** How far above what is usual between two items their similarity must be. Chosen on labelled sets, see docs/feedback-clustering.md. */
const deviations = 2;
const items = 1000;

/**
 * A threshold without labels. Two items of a project mostly have nothing to do with each other, so the similarities of all pairs show what
 * is mere chance with these texts and this model; the threshold is the mean of them and two standard deviations. Looks at 1,000 items at
 * most, spread evenly over the rows. Throws `invalid-input` when there are too few to tell.
 */
export function calibrateThreshold(vectors: VectorSet): number {
  const rows = spread(vectors);
  if (rows.length < 20)
    throw new OpsError(
      'invalid-input',
      `only ${rows.length} items have a vector: a threshold can be calibrated from 20 on; set one until then`,
    );
  let [count, sum, squares] = [0, 0, 0];
  for (const [index, a] of rows.entries())
    for (const b of rows.slice(index + 1)) {
      const similarity = cosine(vectors, a, b);
      count += 1;
      sum += similarity;
      squares += similarity * similarity;
    }
  const mean = sum / count;
  const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
  return Math.min(0.99, Math.max(0.01, mean + deviations * deviation));
}

function spread({ count, inverseLengths }: VectorSet): number[] {
  const rows = [...inverseLengths.keys()].filter((row) => (inverseLengths[row] ?? 0) > 0);
  const step = Math.max(1, count / items);
  return rows.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}
