import { numbersFrom } from '../../bench/feedback-clustering/random-numbers.ts';
import { type Constraints, noConstraints } from '../../domain/feedback-clustering/constraints.ts';
import type { ClusterInput } from '../../domain/feedback-clustering/strategy.ts';
import { vectorSet } from '../../domain/feedback-clustering/vectors.ts';

/** What a strategy takes, of rows given as lists. */
export function inputOf(
  ids: readonly string[],
  rows: readonly (readonly number[])[],
  constraints: Constraints = noConstraints,
): ClusterInput {
  const dimensions = rows[0]?.length ?? 1;
  return {
    ids,
    vectors: vectorSet(Float32Array.from(rows.flat()), dimensions),
    fingerprints: ids.map(() => null),
    constraints,
  };
}

/** Rows around a few themes, as reports are: some clusters tight, some loose, some items alone. */
export function themedRows(count: number, dimensions: number, themes: number, seed: number): number[][] {
  const next = numbersFrom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const centres = Array.from({ length: themes }, () => Array.from({ length: dimensions }, normal));
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(next() * themes)] ?? [];
    const noise = 0.3 + next() * 0.9;
    return centre.map((value) => value + noise * normal());
  });
}
