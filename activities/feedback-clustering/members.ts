import { rowOf, type VectorSet } from '../../domain/feedback-clustering/vectors.ts';
import type { Workspace } from './workspace.ts';

/** The rows of these clusters. */
export function membersOf({ rows }: Workspace, clusters: ReadonlySet<string>): Map<string, number[]> {
  const members = new Map<string, number[]>();
  for (const [row, { clusterId }] of rows.entries()) {
    if (!clusters.has(clusterId)) continue;
    const known = members.get(clusterId);
    if (known === undefined) members.set(clusterId, [row]);
    else known.push(row);
  }
  return members;
}

/** For each row its average cosine to the other members of its cluster; 0 for a row alone. */
export function averagesOf(
  { vectors }: Workspace,
  members: ReadonlyMap<string, readonly number[]>,
): Map<number, number> {
  const averages = new Map<number, number>();
  for (const rows of members.values()) {
    const sum = sumOf(vectors, rows);
    for (const row of rows) averages.set(row, averageIn(vectors, row, rows.length, sum));
  }
  return averages;
}

function sumOf(vectors: VectorSet, rows: readonly number[]): Float64Array {
  const sum = new Float64Array(vectors.dimensions);
  for (const row of rows) {
    const scale = vectors.inverseLengths[row] ?? 0;
    const values = rowOf(vectors, row);
    for (let k = 0; k < values.length; k += 1) sum[k] = (sum[k] ?? 0) + (values[k] ?? 0) * scale;
  }
  return sum;
}

/** Of unit vectors: the product with the sum, less the one with itself. */
function averageIn(vectors: VectorSet, row: number, size: number, sum: Float64Array): number {
  const scale = vectors.inverseLengths[row] ?? 0;
  if (size < 2 || scale === 0) return 0;
  const values = rowOf(vectors, row);
  let product = 0;
  for (let k = 0; k < values.length; k += 1) product += (values[k] ?? 0) * (sum[k] ?? 0);
  return (product * scale - 1) / (size - 1);
}
