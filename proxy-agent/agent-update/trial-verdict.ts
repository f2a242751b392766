import { join } from 'node:path';
import { replaceFile } from '../files.ts';
import { integer, object, text } from '../shape.ts';
import { readJson } from '../state.ts';

/** What the guard says of a trial that took too long. A file of its own: the guard and the agent never write the same one. */
export function saveVerdict(folder: string, sequence: number, why: string): void {
  replaceFile(verdictFile(folder), `${JSON.stringify({ sequence, why })}\n`);
}

/** null: none on this order. */
export function readVerdict(folder: string, sequence: number): string | null {
  const { value } = readJson(verdictFile(folder));
  return isVerdict(value) && value.sequence === sequence ? value.why : null;
}

function verdictFile(folder: string): string {
  return join(folder, 'agent/verdict.json');
}

function isVerdict(value: unknown): value is { sequence: number; why: string } {
  return object({ sequence: integer, why: text })(value);
}
