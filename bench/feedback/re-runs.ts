import { agglomerative } from '../../domain/feedback-clustering/agglomerative.ts';
import type { Constraints } from '../../domain/feedback-clustering/constraints.ts';
import { constraintsOf, type Edit } from '../../domain/feedback-clustering/edits.ts';
import { carryIds, type KnownCluster } from '../../domain/feedback-clustering/identities.ts';
import { idsByLeader } from '../../domain/feedback-clustering/leaders.ts';
import { vectorSet } from '../../domain/feedback-clustering/vectors.ts';
import { numbersFrom } from '../feedback-clustering/random-numbers.ts';
import { fillThemed } from '../feedback-clustering/themed-vectors.ts';

const dimensions = 64;
const options = { threshold: 0.6, minSize: 2 };
const items = 300;
/** Of the items: as many come new for each run. */
const growth = 0.1;

export interface ReRuns {
  readonly runs: number;
  readonly edits: number;
  /** Edits that a run did not keep to. */
  readonly violated: number;
  /** Clusters of before of which more than half are together in the next run. */
  readonly comparable: number;
  /** Of those, the ones whose id stayed. */
  readonly kept: number;
}

/**
 * Random projects, each clustered, edited by people, and clustered again with a tenth more items, several times. Counts what a re-run did
 * against an edit, and the ids that it did not keep.
 */
export function reRuns(runs: number, seed = 1): ReRuns {
  const random = numbersFrom(seed);
  const total = { runs: 0, edits: 0, violated: 0, comparable: 0, kept: 0 };
  while (total.runs < runs) {
    const rounds = Math.min(10, runs - total.runs);
    const values = new Float32Array(Math.ceil(items * (1 + growth) ** rounds + 2 * rounds) * dimensions);
    fillThemed(values, dimensions, Math.floor(random() * 1e6));
    project(values, { rounds, random, total });
  }
  return total;
}

interface Project {
  readonly rounds: number;
  readonly random: () => number;
  readonly total: { runs: number; edits: number; violated: number; comparable: number; kept: number };
}

function project(values: Float32Array, { rounds, random, total }: Project): void {
  const edits: Edit[] = [];
  let minted = 0;
  const mint = () => `cluster-${String((minted += 1)).padStart(6, '0')}`;
  let count = items;
  let known: readonly KnownCluster[] = carryIds([], run(values, count, constraintsOf([])), {
    pinned: new Set(),
    mint,
  }).clusters;
  for (let round = 0; round < rounds; round += 1) {
    for (let edit = Math.floor(random() * 4); edit > 0; edit -= 1) edits.push(randomEdit(known, random));
    // People take edits back, too.
    if (edits.length > 3 && random() < 0.2) edits.splice(Math.floor(random() * edits.length), 1);
    const constraints = constraintsOf(edits);
    const before = known;
    count = Math.ceil(count * (1 + growth));
    const members = run(values, count, constraints);
    known = carryIds(before, members, { pinned: pinnedBy(constraints, before), mint }).clusters;
    total.runs += 1;
    total.edits += edits.length;
    total.violated += violations(constraints, members);
    const ids = keptIds(before, known);
    total.comparable += ids.comparable;
    total.kept += ids.kept;
  }
}

function run(values: Float32Array, count: number, constraints: Constraints): string[][] {
  const ids = Array.from({ length: count }, (_, row) => `item-${String(row).padStart(6, '0')}`);
  const vectors = vectorSet(values.subarray(0, count * dimensions), dimensions);
  const input = { ids, vectors, fingerprints: ids.map(() => null), constraints };
  return [...idsByLeader(ids, agglomerative(input, options)).values()];
}

function randomEdit(known: readonly KnownCluster[], random: () => number): Edit {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const large = known.filter(({ members }) => members.length > 2);
  const [one, other] = [pick(large), pick(known)];
  const item = pick(one.members);
  const rest = one.members.filter((id) => id !== item);
  const others = other.members.filter((id) => id !== item);
  switch (Math.floor(random() * 4)) {
    case 0:
      return { kind: 'together', items: [...one.members, ...other.members] };
    case 1:
      return { kind: 'apart', items: [item], from: rest };
    case 2:
      return others.length === 0 || one.id === other.id
        ? { kind: 'apart', items: [item], from: rest }
        : { kind: 'move', items: [item], from: rest, to: others };
    default:
      return { kind: 'lock', items: one.members, mode: random() < 0.5 ? 'open' : 'closed' };
  }
}

function pinnedBy({ locks }: Constraints, known: readonly KnownCluster[]): Set<string> {
  const locked = new Set(locks.flatMap(({ items: own }) => own[0] ?? []));
  return new Set(known.filter(({ members }) => members.some((id) => locked.has(id))).map(({ id }) => id));
}

function violations(
  { together, apart, locks }: Constraints,
  members: readonly (readonly string[])[],
): number {
  const clusterOf = new Map(members.flatMap((own, index) => own.map((id) => [id, index] as const)));
  const of = (ids: readonly string[]) => new Set(ids.flatMap((id) => clusterOf.get(id) ?? []));
  const torn = together.filter((group) => of(group).size > 1).length;
  const met = apart.filter(({ left, right }) =>
    [...of(left)].some((cluster) => of(right).has(cluster)),
  ).length;
  const opened = locks.filter(({ items: own, mode }) => {
    if (mode === 'open') return false;
    const [cluster] = of(own);
    const group = together.find((ids) => own.some((id) => ids.includes(id))) ?? own;
    return members[cluster ?? 0]?.length !== group.length;
  }).length;
  return torn + met + opened;
}

function keptIds(before: readonly KnownCluster[], after: readonly KnownCluster[]) {
  const now = new Map(after.flatMap(({ id, members }) => members.map((item) => [item, id] as const)));
  const sizes = new Map(after.map(({ id, members }) => [id, members.length]));
  const stands = new Set(after.map(({ id }) => id));
  let [comparable, kept] = [0, 0];
  for (const { id, members } of before) {
    if (members.length < 2) continue;
    const counts = Map.groupBy(members, (item) => now.get(item) ?? '');
    const [to = '', shared = []] = [...counts].toSorted(([, a], [, b]) => b.length - a.length)[0] ?? [];
    // Half of the old one, and of the new one: else it is another cluster's id that goes on.
    if (shared.length * 2 < members.length || shared.length * 2 <= (sizes.get(to) ?? 0)) continue;
    comparable += 1;
    if (to === id && stands.has(id)) kept += 1;
  }
  return { comparable, kept };
}
