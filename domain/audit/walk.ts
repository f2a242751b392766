import { parseCanonicalJson } from '../canonical-json.ts';
import { fromUtf8, isEqual } from './bytes.ts';
import { genesisHash, sealHash } from './chain.ts';
import type { Checkpoint } from './checkpoint.ts';
import { personalDigest, type AuditBody } from './entry.ts';
import { faultOf, type Fault } from './fault.ts';
import type { SealedLine, VerifyTools } from './log-line.ts';
import { appendLeaf, emptyTree, leafHash, rootOf, type Frontier } from './merkle.ts';

/** How far a verification has come; enough to go on from there another time. */
export interface Progress {
  readonly seq: number;
  readonly head: Uint8Array;
  readonly tree: Frontier;
  /** Milliseconds since 1970 of the entry at `seq`; 0 at the beginning. */
  readonly atMs: number;
}

export function beginning(tools: VerifyTools, project: string): Progress {
  return { seq: 0, head: genesisHash(tools.sha256, project), tree: emptyTree, atMs: 0 };
}

/** A fault as one line shows it; the lines behind it may name it better. */
export interface Suspicion {
  readonly fault: Fault;
  readonly line: SealedLine;
  /** Leaf of the line's bytes; null when it was not looked at. */
  readonly leaf: Uint8Array | null;
}

export interface Walk {
  readonly progress: Progress;
  /** Takes the next line. Answers what is wrong with it, or null. */
  take(line: SealedLine): Suspicion | null;
}

/** Parents that are remembered to tell a fork; entries that are remembered to tell a duplicate are those within the clock bound. */
const remembered = 256;

/** Walks along the chain line by line, in memory that does not grow with it. */
export function walkFrom(
  tools: VerifyTools,
  project: string,
  from: Progress,
  checkpoints: readonly Checkpoint[],
): Walk {
  const { sha256 } = tools;
  const recent = new Map<string, number>();
  const parents: Uint8Array[] = [];
  const due = checkpoints.filter(({ size }) => size > from.seq);
  let progress = from;

  function take(line: SealedLine): Suspicion | null {
    const suspect = (kind: Fault['kind'], leaf: Uint8Array | null = null, detail?: string): Suspicion => ({
      // What is missing from a gap is the entry that should stand here.
      fault: faultOf(kind, kind === 'gap' ? { seq: progress.seq + 1 } : line, detail),
      line,
      leaf,
    });
    if (line.bytes === null) return suspect('missing');
    const body = readBody(line.bytes);
    if (body === null) return suspect('not-canonical');
    if (body.project !== project) return suspect('foreign');
    if (recent.has(body.id)) return suspect('duplicate');
    const seq = progress.seq + 1;
    if (line.seq !== seq) return suspect(line.seq > seq ? 'gap' : isSibling(line) ? 'fork' : 'reorder');
    const leaf = leafHash(sha256, line.bytes);
    if (!isEqual(line.prev, progress.head)) return suspect(isSibling(line) ? 'fork' : 'gap', leaf);
    if (!isEqual(sealHash(sha256, line.prev, seq, leaf), line.hash) || body.id !== line.entry) {
      return suspect('edit', leaf);
    }
    const atMs = tools.timeOf(body.at);
    if (!isInTime(atMs)) return suspect('clock', leaf, `it says ${body.at}`);
    if (line.personal !== null && digestOf(line.personal) !== body.personal) return suspect('personal', leaf);
    progress = { seq, head: line.hash, tree: appendLeaf(sha256, progress.tree, leaf), atMs };
    remember(body.id, line.prev, atMs);
    return rewritten() ? suspect('rewrite', leaf, rewriteText(seq)) : null;
  }

  function isSibling({ prev }: SealedLine): boolean {
    return parents.some((parent) => isEqual(parent, prev));
  }

  function isInTime(atMs: number): boolean {
    const isReadable = Number.isFinite(atMs);
    return (
      isReadable && atMs >= progress.atMs - tools.clockBoundMs && atMs <= tools.nowMs + tools.clockBoundMs
    );
  }

  function digestOf(personal: { salt: Uint8Array; data: Uint8Array }): string {
    return personalDigest(sha256, personal.salt, personal.data);
  }

  function remember(id: string, prev: Uint8Array, atMs: number): void {
    recent.set(id, atMs);
    for (const [oldest, oldMs] of recent) {
      if (oldMs >= atMs - 2 * tools.clockBoundMs) break;
      recent.delete(oldest);
    }
    parents.push(prev);
    if (parents.length > remembered) parents.shift();
  }

  function rewritten(): boolean {
    const next = due[0];
    if (next?.size !== progress.seq) return false;
    due.shift();
    return !isEqual(rootOf(sha256, progress.tree), next.root);
  }

  function rewriteText(seq: number): string {
    const before = checkpoints.findLast(({ size }) => size < seq)?.size ?? 0;
    return `entries ${before + 1} to ${seq} are not those that the checkpoint of ${seq} was signed over`;
  }

  return {
    get progress() {
      return progress;
    },
    take,
  };
}

/** null unless the bytes are canonical JSON with the members that are looked at. */
export function readBody(bytes: Uint8Array): AuditBody | null {
  try {
    const body = parseCanonicalJson(fromUtf8(bytes)) as Partial<AuditBody> | null | undefined;
    const isBody =
      typeof body?.id === 'string' && typeof body.project === 'string' && typeof body.at === 'string';
    return isBody ? (body as AuditBody) : null;
  } catch {
    return null;
  }
}
