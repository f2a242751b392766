import { OpsError } from '../errors.ts';
import { type DisjointSets, disjointSets, membersBySet, rootOf, unite } from './disjoint-sets.ts';
import type { ClusterInput } from './strategy.ts';

/** Items that are one before anything is compared: a single one, a group that people made, or errors with one fingerprint. */
export interface Atom {
  /** Ranks of the items, ascending. */
  readonly members: readonly number[];
  readonly stance: Stance;
}

/** What a cluster must not merge with. */
export interface Stance {
  /** Twice the number of an `apart`, and one more for its right side; ascending. */
  readonly sides: readonly number[];
  /** Number of its lock, or -1. */
  readonly lock: number;
  readonly isClosed: boolean;
}

export interface RankedAtoms {
  /** The row of each rank: rank 0 is the item with the smallest id. */
  readonly rows: Int32Array;
  /** In the order of their first members. */
  readonly atoms: readonly Atom[];
}

/** What no cluster of one item without constraints has. */
const free: Stance = { sides: [], lock: -1, isClosed: false };

/** Sorts the items by id and puts together what must be. Throws `invalid-input` for ids that are no set, and for columns that do not fit. */
export function rankedAtoms(input: ClusterInput): RankedAtoms {
  const rows = rowsById(input);
  const rankOf = new Map(Array.from(rows, (row, rank) => [input.ids[row] ?? '', rank]));
  const ranked = (ids: readonly string[]) => ids.flatMap((id) => rankOf.get(id) ?? []);
  const sets = disjointSets(rows.length);
  for (const group of input.constraints.together) uniteAll(sets, ranked(group));
  const stances = stancesOf(input, sets, ranked);
  uniteFingerprints(input, rows, sets, stances);
  const atoms = membersBySet(sets).map((members) => ({
    members,
    stance: stances.get(members[0] ?? 0) ?? free,
  }));
  return { rows, atoms };
}

export function isApart(a: Stance, b: Stance): boolean {
  if (a === free || b === free) return a.isClosed || b.isClosed;
  if (a.isClosed || b.isClosed) return true;
  if (a.lock !== -1 && b.lock !== -1 && a.lock !== b.lock) return true;
  return a.sides.some((side) => b.sides.includes(side ^ 1));
}

export function mergeStances(a: Stance, b: Stance): Stance {
  if (a === free) return b;
  if (b === free) return a;
  const sides = [...new Set([...a.sides, ...b.sides])].sort((one, other) => one - other);
  return { sides, lock: Math.max(a.lock, b.lock), isClosed: a.isClosed || b.isClosed };
}

function rowsById({ ids, vectors, fingerprints }: ClusterInput): Int32Array {
  if (ids.length !== vectors.count || ids.length !== fingerprints.length)
    throw new OpsError(
      'invalid-input',
      `there are ${ids.length} ids, ${vectors.count} vectors and ${fingerprints.length} fingerprints: give one of each for each item`,
    );
  const rows = Int32Array.from({ length: ids.length }, (_, row) => row);
  rows.sort((a, b) => ((ids[a] ?? '') < (ids[b] ?? '') ? -1 : 1));
  for (let rank = 1; rank < rows.length; rank += 1) {
    const id = ids[rows[rank] ?? 0] ?? '';
    if (id === ids[rows[rank - 1] ?? 0])
      throw new OpsError('invalid-input', `ids holds ${id} twice: give each item once`, { id });
  }
  return rows;
}

function uniteAll(sets: DisjointSets, ranks: readonly number[]): void {
  for (const rank of ranks) unite(sets, ranks[0] ?? rank, rank);
}

/** By the root of each group; a root without an entry is free. */
function stancesOf(
  { constraints }: ClusterInput,
  sets: DisjointSets,
  ranked: (ids: readonly string[]) => number[],
): Map<number, Stance> {
  const stances = new Map<number, Stance>();
  const add = (ids: readonly string[], stance: Stance) => {
    for (const root of new Set(ranked(ids).map((rank) => rootOf(sets, rank))))
      stances.set(root, mergeStances(stances.get(root) ?? free, stance));
  };
  for (const [index, { left, right }] of constraints.apart.entries()) {
    add(left, { sides: [2 * index], lock: -1, isClosed: false });
    add(right, { sides: [2 * index + 1], lock: -1, isClosed: false });
  }
  for (const [lock, { items, mode }] of constraints.locks.entries())
    add(items, { sides: [], lock, isClosed: mode === 'closed' });
  return stances;
}

/** A fingerprint yields to people: an item joins the first group with its fingerprint that it is not kept apart from. */
function uniteFingerprints(
  { fingerprints }: ClusterInput,
  rows: Int32Array,
  sets: DisjointSets,
  stances: Map<number, Stance>,
): void {
  const groups = new Map<string, number[]>();
  for (const [rank, row] of rows.entries()) {
    const fingerprint = fingerprints[row] ?? null;
    if (fingerprint === null) continue;
    const known = groups.get(fingerprint) ?? [];
    const stance = (member: number) => stances.get(rootOf(sets, member)) ?? free;
    const fit = known.find(
      (first) => rootOf(sets, first) === rootOf(sets, rank) || !isApart(stance(first), stance(rank)),
    );
    if (fit === undefined) groups.set(fingerprint, [...known, rank]);
    else {
      const stanceOfBoth = mergeStances(stance(fit), stance(rank));
      unite(sets, fit, rank);
      stances.set(rootOf(sets, fit), stanceOfBoth);
    }
  }
}
