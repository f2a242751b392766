import { canonicalJson } from '../canonical-json.ts';
import { fromBase64, fromUtf8 } from './bytes.ts';
import { checkCheckpoints, type FoundCheckpoint } from './check-checkpoints.ts';
import { parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { AuditBody } from './entry.ts';
import type { VerifyTools } from './log-line.ts';
import { isIncluded, leafHash } from './merkle.ts';
import { parseNote, type NoteKey } from './note.ts';
import { readBody } from './walk.ts';

/** What a record of an operation holds of the audit. */
export interface AuditBundle {
  readonly project: string;
  readonly operationId: string;
  readonly audit: unknown;
  readonly auditProof: unknown;
}

export interface BundleVerdict {
  /** Entries that were found under the checkpoint. */
  readonly proven: number;
  /** Size of the checkpoint; null where there is none that counts. */
  readonly checkpoint: number | null;
  readonly problems: readonly string[];
}

interface Entry {
  readonly id?: unknown;
  readonly seq?: unknown;
  readonly bytes?: unknown;
  readonly entry?: unknown;
}

/**
 * Holds the audit entries of a record against the signed checkpoint in it, and that one against checkpoints that were published
 * elsewhere. That entries were left out shows only where the whole audit is verified.
 */
export function verifyBundle(tools: VerifyTools, bundle: AuditBundle, trust: Trust): BundleVerdict {
  const proof = proofOf(bundle.auditProof);
  if (!Array.isArray(bundle.audit) || proof === null)
    return nothing('the record holds no proofs of its audit entries: it was exported by an older version');
  if (proof.note === null)
    return nothing('the record holds no audit checkpoint: none was signed when it was exported');
  const checkpoint = trustedOf(tools, bundle.project, proof.note, trust);
  if (typeof checkpoint === 'string')
    return nothing(`the audit checkpoint is not to be trusted: ${checkpoint}`);
  const entries = bundle.audit as (Entry | null)[];
  const problems = entries.flatMap((entry, index) => {
    const problem = entryProblem(tools, bundle, { entry: entry ?? {}, path: proof.paths[index], checkpoint });
    return problem === null ? [] : [`audit entry ${nameOf(entry, index)} ${problem}`];
  });
  return { proven: entries.length - problems.length, checkpoint: checkpoint.size, problems };
}

/** Its place in the audit, else in the record. */
function nameOf(entry: Entry | null, index: number): string {
  return typeof entry?.seq === 'number' ? String(entry.seq) : `without a place, ${index + 1} of the record,`;
}

interface Trust {
  readonly keys: readonly NoteKey[];
  readonly published: readonly FoundCheckpoint[];
}

/** What the note says, or what is wrong with it or with those that were published. */
function trustedOf(
  tools: VerifyTools,
  project: string,
  note: string,
  { keys, published }: Trust,
): Checkpoint | string {
  try {
    const place = parseCheckpoint(parseNote(note)?.text ?? '')?.size ?? 0;
    const { trusted, fault } = checkCheckpoints(tools, project, [...published, { place, note }], keys);
    if (fault !== null) return `${fault.kind}: ${fault.detail}`;
    return trusted.find(({ size }) => size === place) ?? 'malformed';
  } catch {
    return 'malformed: it is not readable';
  }
}

function nothing(problem: string): BundleVerdict {
  return { proven: 0, checkpoint: null, problems: [problem] };
}

function proofOf(
  part: unknown,
): { note: string | null; paths: readonly (readonly string[] | null)[] } | null {
  const { checkpoint, paths } = (part ?? {}) as { checkpoint?: unknown; paths?: unknown };
  if (checkpoint !== null && typeof checkpoint !== 'string') return null;
  const isPaths = Array.isArray(paths) && paths.every((path) => path === null || isTexts(path));
  return isPaths ? { note: checkpoint, paths: paths as (string[] | null)[] } : null;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function entryProblem(
  tools: VerifyTools,
  { project, operationId }: AuditBundle,
  { entry, path, checkpoint }: { entry: Entry; path?: readonly string[] | null; checkpoint: Checkpoint },
): string | null {
  const bytes = typeof entry.bytes === 'string' ? bytesOf(entry.bytes) : null;
  const body = bytes === null ? null : readBody(bytes);
  if (bytes === null || body === null) return 'is not readable';
  if (!isShown(entry, bytes, body)) return 'is shown otherwise than it was hashed';
  if (body.project !== project || body.operation !== operationId) return 'belongs to something else';
  const hashes = path?.map(bytesOf) ?? null;
  if (typeof entry.seq !== 'number' || hashes === null)
    return `is not under the checkpoint of ${checkpoint.size} yet: export the record again`;
  const isUnder = isIncluded(tools.sha256, {
    index: entry.seq - 1,
    size: checkpoint.size,
    leaf: leafHash(tools.sha256, bytes),
    path: hashes.map((hash) => hash ?? new Uint8Array()),
    root: checkpoint.root,
  });
  return isUnder ? null : `is not under the checkpoint of ${checkpoint.size}`;
}

function bytesOf(base64: string): Uint8Array | null {
  try {
    return fromBase64(base64);
  } catch {
    return null;
  }
}

/** The entry is there twice, as it is hashed and as people read it; both must say the same. */
function isShown(entry: Entry, bytes: Uint8Array, body: AuditBody): boolean {
  try {
    return entry.id === body.id && canonicalJson(entry.entry) === fromUtf8(bytes);
  } catch {
    return false;
  }
}
