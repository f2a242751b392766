import type { FreezeWindow } from '../../contracts/freeze-window.ts';
import { type ConfigProblem, problem, problemIf } from '../config-document/problem.ts';
import { dayMs, dayNumber, instantOf, weekdayOf } from './calendar.ts';
import { aheadMs, isTimeZone, timeOfDay } from './zoned-time.ts';

/** What is wrong with freeze windows that have the right shape; `pointer` is the place of the list. */
export function freezeProblems(windows: readonly FreezeWindow[], pointer: string): ConfigProblem[] {
  const problems = windows.flatMap((window, index) => problemsOf(window, `${pointer}/${index}`));
  if (problems.length > 0) return problems;
  return problemIf(
    leaveNoTime(windows),
    pointer,
    'leave no free minute in the week, all the year or a part of it, so nothing would be rolled out; shorten one',
  );
}

function problemsOf(window: FreezeWindow, pointer: string): ConfigProblem[] {
  if ('days' in window) {
    return problemIf(
      !isTimeZone(window.timeZone),
      `${pointer}/timeZone`,
      `is ${window.timeZone}, which is no time zone; write an IANA name such as Europe/Berlin, or UTC`,
    );
  }
  if (instantOf(window.since) < instantOf(window.until)) return [];
  return [problem(`${pointer}/until`, 'is not after since; a window ends after it begins')];
}

type Weekly = Extract<FreezeWindow, { days: unknown }>;

const newYear = dayNumber(2026, 1, 1);
const anyYear = Array.from({ length: 365 }, (_, index) => (newYear + index) * dayMs);
const weekMs = 7 * dayMs;
const week = Array.from({ length: 7 }, (_, day) => day);

/** Clocks that one zone sets forward and another does not close a gap for a part of the year, so every stand of them is looked at. */
function leaveNoTime(windows: readonly FreezeWindow[]): boolean {
  const weekly = windows.filter((window) => 'days' in window);
  return standsOf(weekly).some((ahead) => coverTheWeek(weekly, ahead));
}

type Ahead = ReadonlyMap<string, number>;

/** How far the zones of windows are ahead of UTC, for each stand of their clocks that holds for a week or longer. */
function standsOf(windows: readonly Weekly[]): Ahead[] {
  const zones = [...new Set(windows.map(({ timeZone }) => timeZone))];
  const runs: { readonly key: string; readonly ahead: Ahead; days: number }[] = [];
  for (const atMs of anyYear) {
    const ahead = new Map(zones.map((zone) => [zone, aheadMs(zone, atMs)]));
    const key = [...ahead.values()].join(' ');
    const run = runs.at(-1);
    if (run?.key === key) run.days += 1;
    else runs.push({ key, ahead, days: 1 });
  }
  return runs.filter(({ days }) => days >= 7).map(({ ahead }) => ahead);
}

/** Whether windows leave no minute of a week while every zone stays `ahead` of UTC as it is now, in milliseconds. */
function coverTheWeek(windows: readonly Weekly[], ahead: Ahead): boolean {
  const spans = windows
    .flatMap((window) =>
      week.filter((day) => window.days.includes(weekdayOf(day))).map((day) => spanOf(window, day)),
    )
    .toSorted((one, other) => one.startMs - other.startMs);
  let coveredMs = Math.max(0, ...spans.map(({ endMs }) => endMs - weekMs));
  for (const { startMs, endMs } of spans) {
    if (startMs > coveredMs) return false;
    coveredMs = Math.max(coveredMs, endMs);
  }
  return coveredMs >= weekMs;

  function spanOf({ from, to, timeZone }: Weekly, day: number): { startMs: number; endMs: number } {
    const shownMs = day * dayMs + timeOfDay(from) - (ahead.get(timeZone) ?? 0);
    const startMs = ((shownMs % weekMs) + weekMs) % weekMs;
    return { startMs, endMs: startMs + timeOfDay(to) - timeOfDay(from) + (to > from ? 0 : dayMs) };
  }
}
