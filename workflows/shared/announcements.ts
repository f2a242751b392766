import { condition, sleep } from '@temporalio/workflow';
import { isUlid } from './shape.ts';

/** What a run has heard about decisions. Anyone can type such a message, so it only makes the run look at the rows. */
export interface Announcements {
  /** Ids of decisions that were not looked up yet. */
  ids: string[];
  /** Messages that no part of Holdfast sends; each approves nothing and is written down. */
  strange: string[];
  /** A recorded decision was announced: the gate has to be looked at. */
  isAnswered: boolean;
  /** Messages so far that named no recorded decision. */
  attempts: number;
  /** Looks so far; numbers what is written down, so that a repetition writes nothing twice. */
  hearings: number;
}

export interface Hearing {
  readonly ids: readonly string[];
  readonly strange: readonly string[];
  readonly hearing: number;
}

export interface Heard {
  /** How many of the ids are recorded decisions. */
  readonly known: number;
}

export function noAnnouncements(): Announcements {
  return { ids: [], strange: [], isAnswered: false, attempts: 0, hearings: 0 };
}

/** More wait nowhere: what was recorded and not heard is announced again by the sweep. */
const mostWaiting = 100;
/** After so many attempts the run looks no more often than every ten seconds, so that a flood of signals does not flood its history. */
export const noisyAfter = 20;
const quietMs = 10_000;

/** The signal `approval`. */
export function announce(heard: Announcements, message: unknown): void {
  const decisionId = (message as { decisionId?: unknown } | null | undefined)?.decisionId;
  if (!isUlid(decisionId)) return noteStrange(heard, 'signal approval that names no decision');
  if (heard.ids.length < mostWaiting && !heard.ids.includes(decisionId)) heard.ids.push(decisionId);
}

export function noteStrange(heard: Announcements, what: string): void {
  if (heard.strange.length < mostWaiting) heard.strange.push(what.slice(0, 100));
}

/** Looks up what is announced, for as long as the run lives. Signals thus never interrupt what the run is doing; rows do. */
export async function attend(
  heard: Announcements,
  lookUp: (hearing: Hearing) => Promise<Heard>,
): Promise<never> {
  for (;;) {
    await condition(() => heard.ids.length + heard.strange.length > 0);
    const { ids, strange } = heard;
    heard.ids = [];
    heard.strange = [];
    heard.hearings += 1;
    const { known } = await lookUp({ ids, strange, hearing: heard.hearings });
    heard.attempts += ids.length - known + strange.length;
    if (known > 0) heard.isAnswered = true;
    if (heard.attempts >= noisyAfter) await sleep(quietMs);
  }
}
