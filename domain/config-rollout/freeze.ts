import type { FreezeWindow } from '../../contracts/freeze-window.ts';
import { instantOf, weekdayOf } from './calendar.ts';
import { dayAt, zonedInstant } from './zoned-time.ts';

export interface Freeze {
  readonly untilMs: number;
  readonly reason: string;
}

const horizonMs = 60 * 86_400_000;

/**
 * Until when no wave may begin, and why; null when one may now. Windows that overlap or touch count as one, up to 60 days from now: who
 * waits asks again then. The one that holds now is told whole, however long it is. A window more never brings the end nearer.
 */
export function frozenUntil(windows: readonly FreezeWindow[], nowMs: number): Freeze | null {
  const first = longestAt(windows, nowMs);
  if (first === null) return null;
  const horizon = nowMs + horizonMs;
  let { untilMs } = first;
  while (untilMs < horizon) {
    const next = longestAt(windows, untilMs);
    if (next === null) break;
    untilMs = Math.min(next.untilMs, horizon);
  }
  return { untilMs, reason: first.reason };
}

/** The window that holds at an instant and ends last. Its end does not belong to it. */
function longestAt(windows: readonly FreezeWindow[], atMs: number): Freeze | null {
  const held = windows.flatMap((window) => {
    const untilMs = endAt(window, atMs);
    return untilMs === null ? [] : [{ untilMs, reason: window.reason }];
  });
  return held.reduce<Freeze | null>(
    (last, each) => (last === null || each.untilMs > last.untilMs ? each : last),
    null,
  );
}

function endAt(window: FreezeWindow, atMs: number): number | null {
  if ('days' in window) return weeklyEndAt(window, atMs);
  const untilMs = instantOf(window.until);
  return instantOf(window.since) <= atMs && atMs < untilMs ? untilMs : null;
}

type Weekly = Extract<FreezeWindow, { days: unknown }>;

/** A window that holds has begun today or yesterday, as the clocks of its zone say. */
function weeklyEndAt(window: Weekly, atMs: number): number | null {
  const today = dayAt(window.timeZone, atMs);
  const ends = [today - 1, today]
    .filter((day) => window.days.includes(weekdayOf(day)))
    .map((day) => spanOf(window, day))
    .filter(({ startMs, endMs }) => startMs <= atMs && atMs < endMs)
    .map(({ endMs }) => endMs);
  return ends.length === 0 ? null : Math.max(...ends);
}

function spanOf({ from, to, timeZone }: Weekly, day: number): { startMs: number; endMs: number } {
  return {
    startMs: zonedInstant(timeZone, day, from, 'earliest'),
    endMs: zonedInstant(timeZone, to > from ? day : day + 1, to, 'latest'),
  };
}
