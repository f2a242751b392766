import { verifyLog, type Verdict } from '../../domain/audit/verify.ts';
import { openExport } from './read-export.ts';
import { publishedCheckpoints, readNoteKey } from './published.ts';
import { readState, writeState } from './state-file.ts';
import { verifyTools } from './tools.ts';

export interface VerifySources {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** The public key, or a file with it; null: checkpoints are not looked at. */
  readonly key: string | null;
  /** Folder of published checkpoints; null: only those in the export. */
  readonly checkpoints: string | null;
  /** File that remembers how far it came; null: from the beginning. */
  readonly state: string | null;
}

export interface ExportVerdict extends Verdict {
  readonly project: string;
}

const rememberEvery = 100_000;

/** Verifies an export as it streams in: a file, or the answer of the API. Nothing here needs a server. */
export async function verifyExport(sources: VerifySources): Promise<ExportVerdict> {
  const { key, state } = sources;
  const { project, checkpoints, batches } = await openExport(sources.chunks);
  const outside =
    sources.checkpoints === null ? [] : await publishedCheckpoints(sources.checkpoints, project);
  const from = state === null ? undefined : await readState(state, project);
  let remembered = from?.seq ?? 0;
  let saving = Promise.resolve();
  const verdict = await verifyLog(verifyTools(Date.now()), batches, {
    project,
    checkpoints: key === null ? [] : [...checkpoints, ...outside],
    keys: key === null ? [] : [await readNoteKey(key)],
    from,
    onProgress(progress) {
      if (state === null || progress.seq - remembered < rememberEvery) return;
      remembered = progress.seq;
      saving = saving.then(() => writeState(state, project, progress));
    },
  });
  await saving;
  if (state !== null && verdict.fault === null) await writeState(state, project, verdict.progress);
  return { ...verdict, project };
}
