import { healthy, wrong, type Finding } from './finding.ts';

/** A lease lasts 15 s by default: clocks that differ by more than a part of it make timelines and judges misread each other. */
const largestSkewMs = 2000;

/** One look at another clock: its time, and ours before and after, in milliseconds. */
export interface ClockReading {
  readonly whose: string;
  readonly theirs: number;
  readonly before: number;
  readonly after: number;
  /** How exact their time is: 1000 where it comes in whole seconds. */
  readonly resolutionMs: number;
}

/** Counts only what the time of the question and the resolution cannot explain. */
export function judgeClock({ whose, theirs, before, after, resolutionMs }: ClockReading): Finding {
  const title = `clock of ${whose}`;
  const ahead = theirs - after;
  const behind = before - (theirs + resolutionMs);
  const skewMs = Math.max(ahead, behind);
  if (skewMs <= largestSkewMs) return healthy(title);
  const seconds = (skewMs / 1000).toFixed(1);
  return wrong(
    title,
    `the clock of ${whose} is ${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} ours`,
    'synchronise the clocks of the machines (NTP, for example chrony)',
  );
}

/** Reads the Date header of an HTTP server; null when it does not answer. */
export async function readHttpClock(whose: string, url: string): Promise<ClockReading | null> {
  const before = Date.now();
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(3000) });
    await answer.body?.cancel();
    const theirs = Date.parse(answer.headers.get('date') ?? '');
    return Number.isNaN(theirs) ? null : { whose, theirs, before, after: Date.now(), resolutionMs: 1000 };
  } catch {
    return null;
  }
}
