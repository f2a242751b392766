import { keepVectors, readVectors } from '../../db/feedback-clustering/embeddings.ts';
import { failItems, type ClusterItem, type FailedItem } from '../../db/feedback-clustering/items.ts';
import { commitChange } from './commit.ts';
import type { Desk } from './desk.ts';
import type { FeedbackClusteringTools } from './tools.ts';

export interface Arrived {
  readonly clustered: number;
  readonly newClusters: readonly string[];
  readonly updatedClusters: readonly string[];
  readonly failures: number;
}

/** Puts items that wait into clusters at once, provisionally; one whose text cannot be embedded fails alone. */
export async function takeIn(
  tools: FeedbackClusteringTools,
  desk: Desk,
  items: readonly ClusterItem[],
  signal: AbortSignal,
): Promise<Arrived> {
  const { vectors, failed } = await vectorsOf(tools, desk, items, signal);
  if (failed.length > 0) await failItems(tools.db, desk.project, failed);
  const rows: number[] = [];
  const left: string[] = [];
  const newClusters: string[] = [];
  for (const item of items) {
    const vector = vectors.get(item.contentHash);
    if (vector === undefined) continue;
    const row = putInto(tools, desk, item, vector);
    const now = desk.workspace.rows[row]?.clusterId ?? '';
    if (item.clusterId === null || now !== item.clusterId) {
      if (item.clusterId !== null) left.push(item.clusterId);
      if (!isKnown(desk, row, now)) newClusters.push(now);
    }
    rows.push(row);
  }
  if (rows.length > 0)
    await commitChange(tools, desk, {
      rows,
      left,
      begun: newClusters,
      isCertain: false,
      redirects: new Map(),
    });
  const made = new Set(newClusters);
  const entered = new Set(rows.map((row) => desk.workspace.rows[row]?.clusterId ?? ''));
  const updatedClusters = [...entered].filter((id) => !made.has(id));
  return { clustered: rows.length, newClusters, updatedClusters, failures: failed.length };
}

/** The item beside what it fits to; else alone, in the cluster that is its own already or in a new one. */
function putInto(
  tools: FeedbackClusteringTools,
  { workspace }: Desk,
  item: ClusterItem,
  vector: Float32Array,
): number {
  const { id, revision, contentHash, fingerprint } = item;
  const known = workspace.rowOf(id);
  // What hung together with its old text may come apart.
  if (known !== undefined) workspace.soil([known]);
  const row = workspace.put(
    { id, revision, contentHash, fingerprint, clusterId: '', isProvisional: true, rule: '' },
    vector,
  );
  const found = workspace.place(row);
  const beside = found === null ? undefined : workspace.rows[found.beside]?.clusterId;
  workspace.assign(row, beside ?? ownOf(workspace, row, item.clusterId) ?? tools.newId());
  return row;
}

/** The cluster that the item was in, if nobody else is. */
function ownOf({ rows }: Desk['workspace'], row: number, clusterId: string | null): string | null {
  if (clusterId === null) return null;
  const isShared = rows.some((other, at) => at !== row && other.clusterId === clusterId);
  return isShared ? null : clusterId;
}

function isKnown({ workspace: { rows } }: Desk, row: number, clusterId: string): boolean {
  return rows.some((other, at) => at !== row && other.clusterId === clusterId);
}

/** By content, from the store or newly made; what is new is kept. */
async function vectorsOf(
  { db }: FeedbackClusteringTools,
  { project, embedder }: Desk,
  items: readonly ClusterItem[],
  signal: AbortSignal,
): Promise<{ vectors: Map<string, Float32Array>; failed: FailedItem[] }> {
  const vectors = await readVectors(
    db,
    project,
    embedder.model,
    items.map(({ contentHash }) => contentHash),
  );
  const missing = [
    ...new Map(
      items.filter((item) => !vectors.has(item.contentHash)).map((item) => [item.contentHash, item]),
    ).values(),
  ];
  if (missing.length === 0) return { vectors, failed: [] };
  const outcomes = await embedder.embed(missing, signal);
  const faults = new Map<string, string>();
  for (const [index, outcome] of outcomes.entries()) {
    const { contentHash } = missing[index] ?? { contentHash: '' };
    if (outcome.kind === 'failed') faults.set(contentHash, outcome.reason);
    else vectors.set(contentHash, outcome.vector);
  }
  const made = missing.flatMap(({ contentHash }) => {
    const vector = vectors.get(contentHash);
    return vector === undefined ? [] : [{ contentHash, vector }];
  });
  await keepVectors(db, project, embedder.model, made);
  const failed = items.flatMap(({ id, contentHash }) => {
    const fault = faults.get(contentHash);
    return fault === undefined ? [] : [{ id, fault }];
  });
  return { vectors, failed };
}
