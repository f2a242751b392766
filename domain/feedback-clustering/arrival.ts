import { agglomerative } from './agglomerative.ts';
import { isApart, rankedAtoms, type Stance } from './atoms.ts';
import { type DisjointSets, disjointSets, rootOf, unite } from './disjoint-sets.ts';
import { onGrid } from './grid.ts';
import type { ClusterInput, ClusterOptions, Leaders } from './strategy.ts';
import { cosine, rowOf, type VectorSet, vectorSet } from './vectors.ts';

/** What is known between two runs: the cluster of each row, and which rows may have to do with each other at all. */
export interface Standing {
  readonly leaders: Leaders;
  /** Rows that hang together by similar pairs, by people or by fingerprints. */
  readonly sets: DisjointSets;
}

export interface Arrival {
  /** The cluster that takes the item in at once, by its leader; its own row when none does. Provisional: `consolidate` decides. */
  readonly leader: number;
  /** Average cosine to its members; 0 for an item alone. */
  readonly similarity: number;
  /** Rows, ascending, whose clusters may change by it. No other cluster does. */
  readonly component: readonly number[];
}

/**
 * Where a new row goes: to the cluster of an error with its fingerprint, else to the one that is most similar on average. `neighbours` are
 * all rows at least as similar as the threshold; only a cluster with one of them can be similar enough. The row stands alone in
 * `standing`, whose sets learn what it hangs together with.
 */
export function arrive(
  input: ClusterInput,
  { leaders, sets }: Standing,
  row: number,
  neighbours: readonly number[],
  { threshold }: ClusterOptions,
): Arrival {
  const sameErrors = rowsWithFingerprint(input, row);
  for (const other of [...neighbours, ...sameErrors]) unite(sets, row, other);
  const root = rootOf(sets, row);
  const component: number[] = [];
  for (let other = 0; other < leaders.length; other += 1)
    if (rootOf(sets, other) === root) component.push(other);
  const isFree = freedom(input, component, row);
  const byLeader = membersByLeader(component, leaders);
  const members = (leader: number) => byLeader.get(leader) ?? [];
  const averages = [...new Set(neighbours.map((neighbour) => leaders[neighbour] ?? neighbour))]
    .map((leader) => ({ leader, similarity: averageTo(input.vectors, row, members(leader)) }))
    .filter(
      ({ leader, similarity }) => onGrid(similarity) >= onGrid(threshold) && members(leader).every(isFree),
    )
    .sort((a, b) => b.similarity - a.similarity || a.leader - b.leader);
  const [best = { leader: row, similarity: 0 }] = averages;
  const same = sameErrors
    .map((other) => leaders[other] ?? other)
    .find((leader) => members(leader).every(isFree));
  const found =
    same === undefined ? best : { leader: same, similarity: averageTo(input.vectors, row, members(same)) };
  return { ...found, component };
}

/** Which rows have to do with each other before anything arrives: by similar pairs, and by being one from the start. */
export function connected(input: ClusterInput, similar: DisjointSets): DisjointSets {
  const sets = disjointSets(input.ids.length);
  for (const row of sets.parents.keys()) unite(sets, row, rootOf(similar, row));
  const { rows, atoms } = rankedAtoms(input);
  for (const { members } of atoms)
    for (const rank of members) unite(sets, rows[members[0] ?? rank] ?? 0, rows[rank] ?? 0);
  return sets;
}

/** The exact clusters of the rows of a component, as a run over everything would find them: for each of its rows, the leader's row. */
export function consolidate(
  input: ClusterInput,
  component: readonly number[],
  options: ClusterOptions,
): Map<number, number> {
  const leaders = agglomerative(part(input, component), options);
  return new Map(component.map((row, index) => [row, component[leaders[index] ?? index] ?? row]));
}

/** Every row at least as similar to this one as the threshold. */
export function similarRows(vectors: VectorSet, row: number, threshold: number): number[] {
  const least = onGrid(threshold);
  return [...vectors.inverseLengths.keys()].filter(
    (other) => other !== row && onGrid(cosine(vectors, row, other)) >= least,
  );
}

function part(input: ClusterInput, rows: readonly number[]): ClusterInput {
  const { dimensions } = input.vectors;
  const values = new Float32Array(rows.length * dimensions);
  for (const [at, row] of rows.entries()) values.set(rowOf(input.vectors, row), at * dimensions);
  return {
    ids: rows.map((row) => input.ids[row] ?? ''),
    vectors: vectorSet(values, dimensions),
    fingerprints: rows.map((row) => input.fingerprints[row] ?? null),
    constraints: input.constraints,
  };
}

function membersByLeader(component: readonly number[], leaders: Leaders): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const row of component) {
    const leader = leaders[row] ?? row;
    const members = found.get(leader);
    if (members === undefined) found.set(leader, [row]);
    else members.push(row);
  }
  return found;
}

function rowsWithFingerprint({ fingerprints }: ClusterInput, row: number): number[] {
  const own = fingerprints[row] ?? null;
  if (own === null) return [];
  return fingerprints.flatMap((fingerprint, other) => (other !== row && fingerprint === own ? [other] : []));
}

function averageTo(vectors: VectorSet, row: number, members: readonly number[]): number {
  return members.reduce((sum, member) => sum + cosine(vectors, row, member), 0) / members.length;
}

/** Whether people let the row be in one cluster with another one of its component. */
function freedom(input: ClusterInput, component: readonly number[], row: number): (other: number) => boolean {
  const { together, apart, locks } = input.constraints;
  if (together.length + apart.length + locks.length === 0) return () => true;
  const { rows, atoms } = rankedAtoms({ ...part(input, component), fingerprints: component.map(() => null) });
  const stanceOf = new Map<number, Stance>();
  for (const { members, stance } of atoms)
    for (const rank of members) stanceOf.set(component[rows[rank] ?? 0] ?? row, stance);
  const own = stanceOf.get(row);
  return (other) => {
    const stance = stanceOf.get(other);
    return own === undefined || stance === undefined || !isApart(own, stance);
  };
}
