import { cosine, rowOf, type VectorSet } from './vectors.ts';

/**
 * Rows that stand for a cluster: the medoid first, which is most similar to all on average, then those least like the ones before
 * (max-min), until nothing new would be shown. Ties go to the smaller id.
 */
export function representatives(
  vectors: VectorSet,
  ids: readonly string[],
  rows: readonly number[],
  most = 3,
): number[] {
  const ordered = [...rows].sort((a, b) => ((ids[a] ?? '') < (ids[b] ?? '') ? -1 : 1));
  const medoid = best(ordered, toCentroid(vectors, ordered));
  if (medoid === null) return [];
  const chosen = [medoid];
  while (chosen.length < most) {
    const nearest = (row: number) => Math.max(...chosen.map((one) => cosine(vectors, row, one)));
    const next = best(
      ordered.filter((row) => !chosen.includes(row)),
      (row) => -nearest(row),
    );
    if (next === null || nearest(next) > alike) break;
    chosen.push(next);
  }
  return chosen;
}

/** What a person would read as the same text. */
const alike = 0.98;

function toCentroid(vectors: VectorSet, rows: readonly number[]): (row: number) => number {
  const sum = new Float64Array(vectors.dimensions);
  for (const row of rows) {
    const scale = vectors.inverseLengths[row] ?? 0;
    for (const [k, value] of rowOf(vectors, row).entries()) sum[k] = (sum[k] ?? 0) + value * scale;
  }
  return (row) => {
    let dot = 0;
    for (const [k, value] of rowOf(vectors, row).entries()) dot += value * (sum[k] ?? 0);
    return dot * (vectors.inverseLengths[row] ?? 0);
  };
}

/** The first of the highest, on a grid, so that rounding decides no tie. */
function best(rows: readonly number[], score: (row: number) => number): number | null {
  let found: { row: number; score: number } | null = null;
  for (const row of rows) {
    const own = Math.round(score(row) * 1e9);
    if (found === null || own > found.score) found = { row, score: own };
  }
  return found?.row ?? null;
}
