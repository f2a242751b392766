/** Days and instants as numbers; without Date, which would know the clock. */
export const dayMs = 86_400_000;

const weekdays = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'] as const;

/** Of a day, counted from 1970-01-01, which was a Thursday. */
export function weekdayOf(day: number): (typeof weekdays)[number] {
  return weekdays[((day % 7) + 7) % 7] ?? 'thu';
}

/** The number of a day in the Gregorian calendar, months from 1 (H. Hinnant, "chrono-compatible date algorithms"). */
export function dayNumber(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d).(\d\d):(\d\d):(\d\d)(\.\d+)?(?:Z|([+-])(\d\d):?(\d\d))$/i;

/** Milliseconds since 1970 of a timestamp that has the shape of RFC 3339. */
export function instantOf(timestamp: string): number {
  const parts = rfc3339.exec(timestamp) ?? [];
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, fraction = 0] = parts
    .slice(1, 8)
    .map((part) => Number(part ?? 0));
  const [sign, hours, minutes] = parts.slice(8);
  const ahead = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * (sign === '-' ? -1 : 1);
  const seconds = hour * 3600 + (minute - ahead) * 60 + second + fraction;
  return dayNumber(year, month, day) * dayMs + Math.floor(seconds * 1000 + 1e-6);
}
