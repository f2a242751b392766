import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Progress } from '../../domain/audit/walk.ts';

interface State {
  readonly project: string;
  readonly seq: number;
  readonly head: string;
  readonly hashes: readonly string[];
  readonly atMs: number;
}

/** How far an earlier verification of the project came; undefined when there was none. */
export async function readState(file: string, project: string): Promise<Progress | undefined> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return undefined;
  const state = JSON.parse(text) as State;
  if (state.project !== project) throw new Error(`${file} is about the project ${state.project}`);
  return {
    seq: state.seq,
    head: Buffer.from(state.head, 'base64'),
    tree: { size: state.seq, hashes: state.hashes.map((hash) => Buffer.from(hash, 'base64')) },
    atMs: state.atMs,
  };
}

/** Replaces the file at once: a verification that is killed leaves the state before. */
export async function writeState(file: string, project: string, progress: Progress): Promise<void> {
  const { seq, head, tree, atMs } = progress;
  const state: State = {
    project,
    seq,
    head: Buffer.from(head).toString('base64'),
    hashes: tree.hashes.map((hash) => Buffer.from(hash).toString('base64')),
    atMs,
  };
  await writeFile(`${file}.part`, JSON.stringify(state));
  await rename(`${file}.part`, file);
}
