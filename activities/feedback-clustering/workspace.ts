import type { SimilarityIndex } from '../../clustering-threads/similarity-index.ts';
import type { ClusteringJob } from '../../clustering-threads/messages.ts';
import { arrive } from '../../domain/feedback-clustering/arrival.ts';
import type { Constraints } from '../../domain/feedback-clustering/constraints.ts';
import { disjointSets, rootOf, unite } from '../../domain/feedback-clustering/disjoint-sets.ts';
import type { StrategyName } from '../../domain/feedback-clustering/strategies.ts';
import type { ClusterOptions } from '../../domain/feedback-clustering/strategy.ts';
import { cosine, rowOf, vectorSet, type VectorSet } from '../../domain/feedback-clustering/vectors.ts';

/** An item as it stands in the memory of the worker. */
export interface Row {
  readonly id: string;
  revision: number;
  contentHash: string;
  fingerprint: string | null;
  clusterId: string;
  isProvisional: boolean;
  /** As it was written last. */
  rule: string;
}

export interface WorkspaceOptions {
  readonly dimensions: number;
  readonly strategy: StrategyName;
  readonly options: ClusterOptions;
  readonly constraints: Constraints;
  readonly createIndex: (dimensions: number) => SimilarityIndex;
  /** Rows in memory that threads read without a copy. */
  readonly sharedRows: (count: number, dimensions: number) => Float32Array;
}

/** Items of a project with their vectors and clusters, as one worker keeps them between two writes to the database. */
export interface Workspace {
  readonly rows: Row[];
  readonly options: ClusterOptions;
  constraints: Constraints;
  rowOf(id: string): number | undefined;
  /** Takes an item in, or its new text; answers its row. */
  put(item: Row, vector: Float32Array): number;
  /** Puts the row provisionally where it fits, among all others; null: into none, it stands alone. */
  place(row: number): { readonly beside: number; readonly similarity: number } | null;
  /** The row is in that cluster from now on. */
  assign(row: number, clusterId: string): void;
  /** Nothing is known of what hangs together with what: a comparison of all finds out. */
  uniteAll(): void;
  isDirty(): boolean;
  /** Their clusters may have changed: they are compared again. */
  soil(rows: Iterable<number>): void;
  /** The rows whose clusters may change because of the dirty ones, which are clean from now on; what comes meanwhile is dirty anew. */
  begin(): readonly number[];
  /** The rows of `begin` were compared: what hangs together among them is `parents`. */
  settle(rows: readonly number[], parents: Int32Array): void;
  /** A job over these rows, as they are now. */
  jobOf(rows: readonly number[]): ClusteringJob;
  readonly vectors: VectorSet;
}

const firstRows = 1024;

export function createWorkspace(setup: WorkspaceOptions): Workspace {
  const { dimensions, strategy, options, createIndex, sharedRows } = setup;
  const rows: Row[] = [];
  const numbers = new Map<string, number>();
  const ids: string[] = [];
  const fingerprints: (string | null)[] = [];
  const byFingerprint = new Map<string, number[]>();
  const index = createIndex(dimensions);
  /** Which row each row of the index belongs to: a text that was edited has left its old vector there. */
  const owners: number[] = [];
  let values = sharedRows(firstRows, dimensions);
  let inverseLengths = new Float64Array(firstRows);
  let sets = disjointSets(firstRows);
  /** The first row of each row's cluster; null: to be found anew. */
  let leaders: Int32Array | null = null;
  let firstOf = new Map<string, number>();
  /** Since the last comparison began. */
  let links: (readonly [number, number])[] = [];
  const dirty = new Set<number>();
  let constraints = setup.constraints;

  const vectors = (): VectorSet => ({
    count: rows.length,
    dimensions,
    values: values.subarray(0, rows.length * dimensions),
    inverseLengths: inverseLengths.subarray(0, rows.length),
  });

  function grow(): void {
    const more = sharedRows(2 * inverseLengths.length, dimensions);
    more.set(values);
    values = more;
    const lengths = new Float64Array(2 * inverseLengths.length);
    lengths.set(inverseLengths);
    inverseLengths = lengths;
    const wider = disjointSets(lengths.length);
    wider.parents.set(sets.parents);
    sets = wider;
  }

  function put(item: Row, vector: Float32Array): number {
    const known = numbers.get(item.id);
    const row = known ?? rows.length;
    if (row >= inverseLengths.length) grow();
    if (known === undefined) numbers.set(item.id, row);
    else forgetFingerprint(row);
    rows[row] = item;
    ids[row] = item.id;
    if (known === undefined && leaders !== null) {
      leaders[row] = row;
      assign(row, item.clusterId);
    } else leaders = null;
    fingerprints[row] = item.fingerprint;
    rememberFingerprint(row, item.fingerprint);
    values.set(vector, row * dimensions);
    inverseLengths[row] = vectorSet(vector, dimensions).inverseLengths[0] ?? 0;
    index.add(vector);
    owners.push(row);
    return row;
  }

  function rememberFingerprint(row: number, fingerprint: string | null): void {
    if (fingerprint === null) return;
    const same = byFingerprint.get(fingerprint);
    if (same === undefined) byFingerprint.set(fingerprint, [row]);
    else same.push(row);
  }

  function forgetFingerprint(row: number): void {
    const before = fingerprints[row] ?? null;
    if (before === null) return;
    byFingerprint.set(
      before,
      (byFingerprint.get(before) ?? []).filter((other) => other !== row),
    );
  }

  function link(a: number, b: number): void {
    unite(sets, a, b);
    links.push([a, b]);
  }

  function place(row: number): { beside: number; similarity: number } | null {
    const all = vectors();
    const similar = index.similarTo(rowOf(all, row), options.threshold, (at) =>
      cosine(all, row, owners[at] ?? 0),
    );
    const neighbours = [...new Set(similar.map((at) => owners[at] ?? 0))].filter((other) => other !== row);
    for (const other of neighbours) link(row, other);
    const own = fingerprints[row] ?? null;
    const same = own === null ? [] : (byFingerprint.get(own) ?? []);
    // Only people keep errors with one fingerprint apart; else they hang together already.
    const linked = constraints.apart.length + constraints.locks.length === 0 ? same.slice(0, 2) : same;
    for (const other of linked) if (other !== row) link(row, other);
    dirty.add(row);
    const standing = { leaders: leadersNow(), sets: view() };
    const input = { ids, vectors: all, fingerprints, constraints };
    const { leader, similarity } = arrive(input, standing, row, neighbours, options);
    return leader === row ? null : { beside: leader, similarity };
  }

  function assign(row: number, clusterId: string): void {
    const item = rows[row];
    if (item === undefined) return;
    const before = item.clusterId;
    item.clusterId = clusterId;
    if (leaders === null) return;
    // Others look to this row for their cluster: who is first there now has to be found.
    if (before !== clusterId && firstOf.get(before) === row) leaders = null;
    else if (clusterId !== '') {
      const first = firstOf.get(clusterId) ?? row;
      firstOf.set(clusterId, first);
      leaders[row] = first;
    }
  }

  function leadersNow(): Int32Array {
    if (leaders === null || leaders.length < inverseLengths.length) {
      firstOf = new Map();
      leaders = Int32Array.from({ length: inverseLengths.length }, (_, row) => row);
      for (const [row, { clusterId }] of rows.entries()) {
        if (clusterId === '') continue;
        const first = firstOf.get(clusterId) ?? row;
        firstOf.set(clusterId, first);
        leaders[row] = first;
      }
    }
    return leaders.subarray(0, rows.length);
  }

  function view() {
    return { parents: sets.parents.subarray(0, rows.length) };
  }

  function begin(): number[] {
    const roots = new Set([...dirty].map((row) => rootOf(sets, row)));
    dirty.clear();
    links = [];
    return rows.flatMap((_, row) => (roots.has(rootOf(sets, row)) ? [row] : []));
  }

  function jobOf(chosen: readonly number[]): ClusteringJob {
    const own = sharedRows(chosen.length, dimensions);
    for (const [at, row] of chosen.entries())
      own.set(values.subarray(row * dimensions, (row + 1) * dimensions), at * dimensions);
    return {
      strategy,
      ids: chosen.map((row) => rows[row]?.id ?? ''),
      values: own,
      dimensions,
      fingerprints: chosen.map((row) => fingerprints[row] ?? null),
      constraints,
      options,
    };
  }

  function settle(compared: readonly number[], parents: Int32Array): void {
    // Rows that came since may still point here: that joins too much, never too little.
    for (const row of compared) sets.parents[row] = row;
    for (const [at, row] of compared.entries()) unite(sets, row, compared[rootOf({ parents }, at)] ?? row);
    for (const [a, b] of links) unite(sets, a, b);
  }

  return {
    rows,
    options,
    get constraints() {
      return constraints;
    },
    set constraints(now) {
      constraints = now;
    },
    get vectors() {
      return vectors();
    },
    rowOf: (id) => numbers.get(id),
    put,
    place,
    assign,
    uniteAll: () => void sets.parents.fill(0, 0, rows.length),
    isDirty: () => dirty.size > 0,
    soil: (soiled) => {
      for (const row of soiled) dirty.add(row);
    },
    begin,
    settle,
    jobOf,
  };
}
