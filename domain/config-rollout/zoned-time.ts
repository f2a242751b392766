import { dayMs, dayNumber } from './calendar.ts';

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The day that clocks of the zone show at an instant, counted from 1970-01-01. */
export function dayAt(timeZone: string, atMs: number): number {
  return Math.floor(shownAt(timeZone, atMs) / dayMs);
}

/** Milliseconds from midnight to a time (`HH:MM`). */
export function timeOfDay(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return (hours * 60 + minutes) * 60_000;
}

/** How far clocks of the zone are ahead of UTC at an instant, in milliseconds. */
export function aheadMs(timeZone: string, atMs: number): number {
  return shownAt(timeZone, atMs) - atMs;
}

/**
 * When clocks of the zone show a time (`HH:MM`) on a day. A time that they show twice, as they are set back, or never, as they are set
 * forward, has two answers, one by the rule before and one by the rule after: the wanted one is given.
 */
export function zonedInstant(
  timeZone: string,
  day: number,
  time: string,
  wanted: 'earliest' | 'latest',
): number {
  const shown = day * dayMs + timeOfDay(time);
  // No zone is further than 14 h from UTC, so these two stand on either side of any change near the day.
  const instants = [-1.5, 1.5].map((days) => {
    const near = shown + days * dayMs;
    return shown - aheadMs(timeZone, near);
  });
  const exact = instants.filter((instant) => shownAt(timeZone, instant) === shown);
  const answers = exact.length === 0 ? instants : exact;
  return wanted === 'earliest' ? Math.min(...answers) : Math.max(...answers);
}

/** What clocks of the zone show, as the milliseconds at which clocks of UTC show it. */
function shownAt(timeZone: string, atMs: number): number {
  const parts = formatOf(timeZone).formatToParts(atMs);
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = shownParts.map((type) =>
    Number(parts.find((part) => part.type === type)?.value),
  );
  const seconds = (hour * 60 + minute) * 60 + second;
  return dayNumber(year, month, day) * dayMs + seconds * 1000 + (atMs - Math.floor(atMs / 1000) * 1000);
}

const shownParts = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one costs far more than using it. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const numeric = Object.fromEntries(shownParts.map((part) => [part, 'numeric']));
  const format = new Intl.DateTimeFormat('en-US', { ...numeric, timeZone, hourCycle: 'h23' });
  formats.set(timeZone, format);
  return format;
}
