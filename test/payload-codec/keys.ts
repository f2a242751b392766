import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newKeyFile, writeKeyFile } from '../../payload-codec/key-file.ts';

/** A file with one payload key, in a folder of its own; the caller removes the folder. */
export async function makeKeyFile(): Promise<{ folder: string; file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-keys-'));
  const file = join(folder, 'payload-keys.json');
  await writeKeyFile(file, newKeyFile());
  return { folder, file };
}
