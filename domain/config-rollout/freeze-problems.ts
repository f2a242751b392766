import type { FreezeWindow } from '../../contracts/config-revision.ts';
import { type ConfigProblem, problem, problemIf } from '../config-document/problem.ts';
import { dayMs, dayNumber, instantOf } from './calendar.ts';
import { frozenUntil } from './freeze.ts';
import { isTimeZone } from './zoned-time.ts';

/** What is wrong with freeze windows that have the right shape; `pointer` is the place of the list. */
export function freezeProblems(windows: readonly FreezeWindow[], pointer: string): ConfigProblem[] {
  const problems = windows.flatMap((window, index) => problemsOf(window, `${pointer}/${index}`));
  if (problems.length > 0) return problems;
  return problemIf(
    leaveNoTime(windows),
    pointer,
    'leave no free minute in the week, so nothing would ever be rolled out; shorten one',
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

const anyMonday = dayNumber(2026, 1, 5) * dayMs;
const monthMs = 30 * dayMs;

function leaveNoTime(windows: readonly FreezeWindow[]): boolean {
  const weekly = windows.filter((window) => 'days' in window);
  const freeze = frozenUntil(weekly, anyMonday);
  return freeze !== null && freeze.untilMs > anyMonday + monthMs;
}
