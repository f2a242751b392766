import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../files.ts';
import { array, integer, object, text } from '../shape.ts';
import { readJson } from '../state.ts';
import type { Release } from './update-state.ts';

const withinMs = 5 * 60_000;

/**
 * Notes a start of the current release and answers how many there were in the last five minutes, this one included. In a file of its own:
 * a program that knows nothing of it loses nothing. `now`: milliseconds since 1970.
 */
export function countStart(folder: string, { sha256 }: Pick<Release, 'sha256'>, now: number): number {
  const { value } = readJson(startsFile(folder));
  const before = isStarts(value) && value.sha256 === sha256 ? value.at : [];
  const at = [...before.filter((then) => then > now - withinMs && then <= now), now];
  replaceFile(startsFile(folder), `${JSON.stringify({ sha256, at })}\n`);
  return at.length;
}

/** Somebody ended the agent, it did not end by itself: no start up to now says anything against the release. */
export function forgetStarts(folder: string): void {
  rmSync(startsFile(folder), { force: true });
}

function startsFile(folder: string): string {
  return join(folder, 'agent/starts.json');
}

function isStarts(value: unknown): value is { sha256: string; at: number[] } {
  return object({ sha256: text, at: array(integer) })(value);
}
