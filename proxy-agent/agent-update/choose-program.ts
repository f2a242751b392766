import type { Log } from '../log.ts';
import type { AgentSettings } from '../settings.ts';
import type { HandOver } from './hand-over.ts';
import { countStart } from './start-count.ts';
import { readVerdict } from './trial-verdict.ts';
import {
  ended,
  isRelease,
  isWhole,
  loadUpdate,
  releaseFile,
  saveUpdate,
  type Release,
  type UpdateState,
} from './update-state.ts';

/** So often a release may be started without becoming healthy. */
const mostStarts = 3;
/** So often one that was healthy once may be started within five minutes by something else than a person. */
const mostRestarts = 5;

/** What is to run in place of the program that was started; null: it itself. A trial's start is counted on disk before it begins. */
export function chooseProgram(
  { stateFolder: folder }: Pick<AgentSettings, 'stateFolder'>,
  program: string,
  log: Log,
  now = Date.now(),
): HandOver | null {
  // Whoever handed over to a release has chosen it.
  if (isRelease(folder, program)) return null;
  const stored = loadUpdate(folder);
  if (stored.current === null && stored.trial === null) return null;
  let state = judged(folder, stored.installed === program ? stored : { ...stored, installed: program });
  const { trial, current } = state;
  if (trial !== null && isSaved(folder, { ...state, trial: { ...trial, starts: trial.starts + 1 } }, log))
    return { program: releaseFile(folder, trial.release), guard: formerProgram(folder, state) ?? program };
  // With a full disk an agent starts all the same. A trial whose start cannot be counted has to wait.
  const fault = current === null ? null : faultOf(folder, current, log, now);
  if (fault !== null) {
    log('error', 'the installed program runs in place of the current release', { ...current, fault });
    const isNewest = state.newest?.sequence === current?.sequence;
    state = { ...(isNewest ? ended(state, 'restored', fault) : state), current: null };
  }
  if (trial === null && state !== stored) isSaved(folder, state, log);
  return state.current === null ? null : { program: releaseFile(folder, state.current), guard: null };
}

function isSaved(folder: string, state: UpdateState, log: Log): boolean {
  try {
    saveUpdate(folder, state);
    return true;
  } catch (error) {
    log('error', 'the state of the agent update was not written', { reason: (error as Error).message });
    return false;
  }
}

/** Why the current release is not to run; null: it is. */
function faultOf(folder: string, release: Release, log: Log, now: number): string | null {
  if (!isWhole(folder, release)) return 'its file is gone or not what was signed';
  try {
    const starts = countStart(folder, release, now);
    return starts <= mostRestarts
      ? null
      : `it was started ${mostRestarts} times within 5 minutes and ended each time`;
  } catch (error) {
    log('warn', 'a start was not counted', { reason: (error as Error).message });
    return null;
  }
}

/** Where to go back to from a trial; null: nothing is known. */
export function formerProgram(folder: string, { current, installed }: UpdateState): string | null {
  return current !== null && isWhole(folder, current) ? releaseFile(folder, current) : installed;
}

/** Without the trial, when it had its chances. */
function judged(folder: string, state: UpdateState): UpdateState {
  const { trial } = state;
  if (trial === null) return state;
  const verdict = readVerdict(folder, trial.release.sequence);
  if (verdict !== null) return ended(state, 'restored', verdict);
  if (trial.starts >= mostStarts)
    return ended(state, 'restored', `it was started ${trial.starts} times and never became healthy`);
  return isWhole(folder, trial.release)
    ? state
    : ended(state, 'restored', 'its file is gone or not what was signed');
}
