const dayMs = 86_400_000;

/** Milliseconds since 1970 as ISO 8601 in UTC, for years 1970 to 9999; without Date, which would know the clock. */
export function isoTime(ms: number): string {
  const whole = Math.min(Math.max(0, Math.floor(ms)), 253_402_300_799_999);
  const days = Math.floor(whole / dayMs);
  const rest = whole - days * dayMs;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const time = `${two(rest / 3_600_000)}:${two((rest / 60_000) % 60)}:${two((rest / 1000) % 60)}`;
  return `${dateOf(days)}T${time}.${String(rest % 1000).padStart(3, '0')}Z`;
}

/** The proleptic Gregorian calendar in eras of 400 years that begin with March (H. Hinnant, "chrono-compatible date algorithms"). */
function dateOf(days: number): string {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
