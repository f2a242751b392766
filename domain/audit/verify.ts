import { checkCheckpoints, type FoundCheckpoint } from './check-checkpoints.ts';
import { isEqual } from './bytes.ts';
import { sealHash } from './chain.ts';
import { faultOf, type Fault } from './fault.ts';
import type { LogLine, SealedLine, VerifyTools } from './log-line.ts';
import { leafHash } from './merkle.ts';
import type { NoteKey } from './note.ts';
import { beginning, readBody, walkFrom, type Progress, type Suspicion } from './walk.ts';

export interface VerifyOptions {
  readonly project: string;
  readonly checkpoints: readonly FoundCheckpoint[];
  readonly keys: readonly NoteKey[];
  /** Goes on where an earlier verification came to: the line of that place must be among the first, those before are passed over. */
  readonly from?: Progress;
  /** Told after each batch that was found good. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface Verdict {
  /** Entries that were found good, and the end of the chain there. */
  readonly progress: Progress;
  /** Checkpoints that the entries were held against. */
  readonly checkpoints: number;
  /** Entries that have not been sealed yet. */
  readonly waiting: number;
  readonly fault: Fault | null;
}

/** Verifies an exported log as it streams by, and stops at the first thing that is wrong. */
export async function verifyLog(
  tools: VerifyTools,
  batches: AsyncIterable<readonly LogLine[]>,
  options: VerifyOptions,
): Promise<Verdict> {
  const { project, from = beginning(tools, project) } = options;
  const { trusted, fault } = checkCheckpoints(tools, project, options.checkpoints, options.keys);
  const walk = walkFrom(tools, project, from, trusted);
  let waiting = 0;
  const verdict = (found: Fault | null): Verdict => ({
    progress: walk.progress,
    checkpoints: trusted.filter(({ size }) => size <= walk.progress.seq).length,
    waiting,
    fault: found,
  });
  if (fault !== null) return verdict(fault);

  let isWhole = false;
  let isAnchored = from.seq === 0;
  let suspicion: Suspicion | null = null;
  for await (const batch of batches) {
    for (const line of batch) {
      if (suspicion !== null) {
        const better = line.kind === 'sealed' ? nameBetter(tools, walk.progress, suspicion, line) : null;
        if (better !== null) return verdict(better);
        continue;
      }
      switch (line.kind) {
        case 'malformed':
          return verdict(faultOf('malformed', { seq: walk.progress.seq + 1 }, line.detail));
        case 'end':
          isWhole = true;
          break;
        case 'waiting': {
          const late = lateFault(tools, line);
          if (late !== null) return verdict(late);
          waiting += 1;
          break;
        }
        case 'sealed':
          if (line.seq <= from.seq) {
            isAnchored ||= line.seq === from.seq && isEqual(line.hash, from.head);
            break;
          }
          if (!isAnchored) return verdict(lostAnchor(from));
          suspicion = walk.take(line);
          if (suspicion !== null && !isNamedByOthers(suspicion)) return verdict(suspicion.fault);
          break;
      }
    }
    if (suspicion === null) options.onProgress?.(walk.progress);
  }
  if (suspicion !== null) return verdict(onItsOwn(tools, suspicion));
  const { seq } = walk.progress;
  if (isWhole && !isAnchored) return verdict(lostAnchor(from));
  if (!isWhole) return verdict(faultOf('malformed', { seq: seq + 1 }, 'the export breaks off'));
  const beyond = trusted.find(({ size }) => size > seq);
  if (beyond === undefined) return verdict(null);
  const text = `the checkpoint of ${beyond.size} was signed, and ${seq} entries are there`;
  return verdict(faultOf('truncation', { seq: seq + 1 }, text));
}

function lostAnchor({ seq }: Progress): Fault {
  return faultOf('rewrite', { seq }, `entry ${seq} is not the one that was verified before`);
}

/** Whether lines further on can tell a reorder from what this line alone looks like. */
function isNamedByOthers({ fault, leaf }: Suspicion): boolean {
  return fault.kind === 'gap' || (fault.kind === 'edit' && leaf !== null);
}

function nameBetter(
  tools: VerifyTools,
  progress: Progress,
  { fault, line, leaf }: Suspicion,
  later: SealedLine,
): Fault | null {
  const belongsHere = fault.kind === 'gap' && isEqual(later.prev, progress.head);
  const isThisEntrys =
    fault.kind === 'edit' &&
    leaf !== null &&
    isEqual(sealHash(tools.sha256, later.prev, later.seq, leaf), later.hash);
  return belongsHere || isThisEntrys ? faultOf('reorder', { ...line, seq: progress.seq + 1 }) : null;
}

/** How many entries may have been taken out and the rest renumbered, for it still to be called a gap. */
const renumbered = 64;

/** A line that does not follow its predecessor: something was taken out before it, or it was edited. */
function onItsOwn(tools: VerifyTools, { fault, line, leaf }: Suspicion): Fault {
  if (fault.kind !== 'gap' || leaf === null || line.bytes === null) return fault;
  const own = leafHash(tools.sha256, line.bytes);
  for (let removed = 0; removed <= renumbered; removed += 1) {
    if (isEqual(sealHash(tools.sha256, line.prev, line.seq + removed, own), line.hash)) return fault;
  }
  return faultOf('edit', line);
}

function lateFault(tools: VerifyTools, line: Extract<LogLine, { kind: 'waiting' }>): Fault | null {
  const body = readBody(line.bytes);
  if (body === null) return faultOf('not-canonical', line);
  const isLate = tools.timeOf(body.at) < tools.nowMs - tools.sealBoundMs;
  return isLate ? faultOf('unsealed', line) : null;
}
