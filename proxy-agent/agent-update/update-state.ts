import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { agentUpdateOutcomes, type AgentUpdateOutcome } from '../../contracts/agent-update-report.ts';
import { replaceFile } from '../files.ts';
import { boolean, integer, matching, nullable, object, oneOf, text } from '../shape.ts';
import { readJson } from '../state.ts';

export interface Release {
  readonly sequence: number;
  readonly version: string;
  readonly sha256: string;
}

/** A release that was started and is not known to be good yet. */
export interface Trial {
  readonly release: Release;
  /** How often it was started; counted before each start. */
  readonly starts: number;
  /** Whether HAProxy answered the one before: then it has to answer this one. */
  readonly hadHaproxy: boolean;
}

export interface UpdateState {
  /** The program that the host starts; null: not known yet. */
  readonly installed: string | null;
  /** What runs in its place; null: the installed one itself. */
  readonly current: Release | null;
  /** The newest order that was ever taken: its sequence is the highest one seen. Without an outcome it is under way. */
  readonly newest:
    (Release & { readonly outcome: AgentUpdateOutcome | null; readonly failure: string | null }) | null;
  readonly trial: Trial | null;
}

const nothing: UpdateState = { installed: null, current: null, newest: null, trial: null };

/** What cannot be read is kept beside: the installed program goes on, and takes the newest order again. */
export function loadUpdate(folder: string): UpdateState {
  const path = stateFile(folder);
  const { value, fault } = readJson(path);
  if (value === null && fault === null) return nothing;
  if (isStored(value)) return value.update;
  renameSync(path, `${path}.refused-${Date.now()}`);
  return nothing;
}

/** Lasts a power cut. */
export function saveUpdate(folder: string, update: UpdateState): void {
  replaceFile(stateFile(folder), `${JSON.stringify({ format: 1, update })}\n`);
}

/** How the newest order ended; a trial of it is over with that. */
export function ended(state: UpdateState, outcome: AgentUpdateOutcome, failure: string | null): UpdateState {
  const newest = state.newest && { ...state.newest, outcome, failure };
  return { ...state, newest, trial: null };
}

/** Named by its hash alone: nothing that came from elsewhere becomes a path. */
export function releaseFile(folder: string, { sha256 }: Pick<Release, 'sha256'>): string {
  return join(folder, 'agent', `${sha256}.mjs`);
}

/** Whether the release on disk is still the one that was signed. */
export function isWhole(folder: string, release: Pick<Release, 'sha256'>): boolean {
  try {
    const bytes = readFileSync(releaseFile(folder, release));
    return createHash('sha256').update(bytes).digest('hex') === release.sha256;
  } catch {
    return false;
  }
}

/** Whether this program is a release, and not the one that the host starts. */
export function isRelease(folder: string, program: string): boolean {
  try {
    return realpathSync(dirname(program)) === realpathSync(join(folder, 'agent')) && program.endsWith('.mjs');
  } catch {
    return false;
  }
}

/** Removes the releases that nothing goes back to any more. */
export function forgetReleases(folder: string, { current, trial }: UpdateState): void {
  const kept = [current, trial?.release].flatMap((release) => (release ? [`${release.sha256}.mjs`] : []));
  for (const name of readdirSync(join(folder, 'agent')))
    if (name.includes('.mjs') && !kept.includes(basename(name)))
      rmSync(join(folder, 'agent', name), { force: true });
}

function stateFile(folder: string): string {
  return join(folder, 'agent/current.json');
}

function isStored(value: unknown): value is { format: 1; update: UpdateState } {
  const named = { sequence: integer, version: text, sha256: matching(/^[0-9a-f]{64}$/) };
  const newest = object({ ...named, outcome: nullable(oneOf(agentUpdateOutcomes)), failure: nullable(text) });
  const trial = object({ release: object(named), starts: integer, hadHaproxy: boolean });
  const update = object({
    installed: nullable(text),
    current: nullable(object(named)),
    newest: nullable(newest),
    trial: nullable(trial),
  });
  return object({ format: (format) => format === 1, update })(value);
}
