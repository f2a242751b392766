import { hash } from 'node:crypto';
import { insertCheckpoint, lastTree, leavesAfter, projectsToCheckpoint } from '../../db/audit/checkpoints.ts';
import { projectsToSeal, sealEntries } from '../../db/audit/seal.ts';
import type { Db } from '../../db/connect.ts';
import { isEqual, toUtf8 } from '../../domain/audit/bytes.ts';
import { checkpointOrigin, formatCheckpoint, parseCheckpoint } from '../../domain/audit/checkpoint.ts';
import { appendLeaf, emptyTree, rootOf, type Frontier } from '../../domain/audit/merkle.ts';
import { formatNote, noteKey, parseNote } from '../../domain/audit/note.ts';
import { OpsError } from '../../domain/errors.ts';
import type { CheckpointStore, StoredCheckpoint } from '../../providers/checkpoint-store/checkpoint-store.ts';
import type { NoteSigner } from '../../providers/note-signer/note-signer.ts';
import type { Sweeper } from './sweeper.ts';

/** What checkpoints are published with; null where no key was given: entries are sealed all the same. */
export interface AuditTools {
  readonly store: CheckpointStore;
  readonly signer: NoteSigner;
}

/** A checkpoint is due after this many entries, or when there is anything new and the last one is this old. */
const due = { entries: 1000, ageMs: 10_000 };
const page = 10_000;

/** Chains what was committed since the last round. */
export async function sealAudit({ db, each }: Pick<Sweeper, 'db' | 'each'>): Promise<number> {
  return each(
    (project) => `audit of ${project}`,
    await projectsToSeal(db),
    async (project) => {
      while ((await sealEntries(db, project)) > 0);
    },
  );
}

/** Signs the tree over what is sealed and publishes it outside the database. */
export async function publishCheckpoints(sweeper: Sweeper): Promise<number> {
  const { db, each, audit } = sweeper;
  if (audit === null) return 0;
  return each(
    (project) => `checkpoint of ${project}`,
    await projectsToCheckpoint(db, due),
    (project) => publishCheckpoint(db, audit, project),
  );
}

/** Published first and noted second: one that died in between publishes a larger one in the next round. */
export async function publishCheckpoint(
  db: Db,
  { store, signer }: AuditTools,
  project: string,
): Promise<void> {
  const published = await store.latest(project);
  const tree = await grow(db, project, published);
  const text = formatCheckpoint({
    origin: checkpointOrigin(project),
    size: tree.size,
    root: rootOf(sha256, tree),
  });
  const key = noteKey(sha256, signer.name, signer.publicKey);
  const note = formatNote(text, key, await signer.sign(toUtf8(text)));
  await store.append(project, { size: tree.size, note });
  await insertCheckpoint(db, { project, tree, note });
}

/**
 * The tree over everything that is sealed. It must contain what was published last: a signature is never given to a history that
 * contradicts an earlier one.
 */
async function grow(db: Db, project: string, published: StoredCheckpoint | null): Promise<Frontier> {
  let tree = (await lastTree(db, project)) ?? emptyTree;
  if (published !== null && tree.size > published.size) tree = emptyTree;
  for (;;) {
    if (tree.size === published?.size) refuseOther(project, tree, published);
    const leaves = await leavesAfter(db, project, tree.size, page);
    for (const leaf of leaves) {
      tree = appendLeaf(sha256, tree, leaf);
      if (tree.size === published?.size) refuseOther(project, tree, published);
    }
    if (leaves.length < page) break;
  }
  if (published !== null && tree.size < published.size) throw contradicts(project, published.size);
  return tree;
}

function refuseOther(project: string, tree: Frontier, published: StoredCheckpoint): void {
  const before = parseCheckpoint(parseNote(published.note)?.text ?? '');
  if (before === null || !isEqual(before.root, rootOf(sha256, tree))) throw contradicts(project, tree.size);
}

function contradicts(project: string, size: number): OpsError {
  return new OpsError(
    'conflict',
    `the audit of ${project} is not the one that the published checkpoint of ${size} was signed over; run: holdfast audit verify`,
  );
}

function sha256(data: Uint8Array): Uint8Array {
  return hash('sha256', data, 'buffer');
}
