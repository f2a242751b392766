import { findCheckpoint, leavesAfter } from '../../db/audit/checkpoints.ts';
import { sha256 } from '../../db/audit/record.ts';
import type { Db } from '../../db/connect.ts';
import { inclusionPaths } from '../../domain/audit/inclusion.ts';

/** What proves that entries are under a signed root; both null where no checkpoint was signed, a path where its entry came later. */
export interface BundleProof {
  readonly checkpoint: string | null;
  /** In the order of the entries, base64. */
  readonly paths: readonly (readonly string[] | null)[];
}

/** Proves entries of a project, each named by its place, against the newest checkpoint. */
export async function bundleProof(
  db: Db,
  project: string,
  places: readonly (number | null)[],
): Promise<BundleProof> {
  const newest = await findCheckpoint(db, project, null);
  const size = newest?.size ?? 0;
  const proven = places.filter((seq) => seq !== null).filter((seq) => seq <= size);
  const leaves = proven.length === 0 ? [] : await leavesAfter(db, project, 0, size);
  const indices = proven.map((seq) => seq - 1);
  const found = inclusionPaths(sha256, leaves, indices);
  const bySeq = new Map(proven.map((seq, index) => [seq, (found[index] ?? []).map(base64)]));
  return {
    checkpoint: newest?.note ?? null,
    paths: places.map((seq) => (seq === null ? null : (bySeq.get(seq) ?? null))),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
