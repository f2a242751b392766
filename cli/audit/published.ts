import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FoundCheckpoint } from '../../domain/audit/check-checkpoints.ts';
import { parseKey, type NoteKey } from '../../domain/audit/note.ts';
import { sha256 } from './tools.ts';

/** Checkpoints in the folder that they are published to; none when it is not there. */
export async function publishedCheckpoints(folder: string, project: string): Promise<FoundCheckpoint[]> {
  const names = await readdir(join(folder, project)).catch(() => []);
  const found = names.map((name) => ({ name, size: /^([0-9]{12,16})[.]checkpoint$/.exec(name)?.[1] }));
  return Promise.all(
    found
      .filter(({ size }) => size !== undefined)
      .map(async ({ name, size }) => ({
        place: Number(size),
        note: await readFile(join(folder, project, name), 'utf8'),
      })),
  );
}

/** The key as it was given: itself, or a file with it. Throws when it is neither. */
export async function readNoteKey(given: string): Promise<NoteKey> {
  const key = parseKey(sha256, given) ?? parseKey(sha256, await readFile(given, 'utf8').catch(() => ''));
  if (key === null)
    throw new Error(`${given} is no public key of the form name+id+base64, and no file with one`);
  return key;
}
