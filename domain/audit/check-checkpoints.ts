import { isEqual } from './bytes.ts';
import { checkpointOrigin, parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import { faultOf, type Fault } from './fault.ts';
import type { VerifyTools } from './log-line.ts';
import { parseNote, whoSigned, type NoteKey } from './note.ts';

/** A checkpoint as it was found; `place` is the size that its name in the store says. */
export interface FoundCheckpoint {
  readonly place: number;
  readonly note: string;
}

/** Looks at each checkpoint in the order of the places. Answers those that count, or the first fault. */
export function checkCheckpoints(
  tools: VerifyTools,
  project: string,
  found: readonly FoundCheckpoint[],
  keys: readonly NoteKey[],
): { readonly trusted: readonly Checkpoint[]; readonly fault: Fault | null } {
  const trusted: Checkpoint[] = [];
  for (const { place, note } of found.toSorted((a, b) => a.place - b.place)) {
    const signed = parseNote(note);
    const checkpoint = signed === null ? null : parseCheckpoint(signed.text);
    if (signed === null || checkpoint === null)
      return refused('malformed', place, 'it is no signed checkpoint');
    const signer = whoSigned(tools.verifyEd25519, signed, keys);
    if (signer !== 'trusted') return refused(signer, place);
    if (checkpoint.origin !== checkpointOrigin(project)) {
      return refused('foreign', place, `it is one of ${checkpoint.origin}`);
    }
    if (checkpoint.size !== place) {
      return refused('replayed-checkpoint', place, `it is the one of ${checkpoint.size} entries`);
    }
    const before = trusted.at(-1);
    if (before?.size !== checkpoint.size) trusted.push(checkpoint);
    else if (!isEqual(before.root, checkpoint.root)) return refused('fork', place);
  }
  return { trusted, fault: null };

  function refused(kind: Fault['kind'], place: number, detail?: string) {
    return { trusted, fault: faultOf(kind, { seq: place }, detail && `checkpoint of ${place}: ${detail}`) };
  }
}
