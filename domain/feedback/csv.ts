import type { Feedback } from '../../contracts/feedback.ts';

/** The columns of an export; their names are those that an import reads. */
export const feedbackColumns: readonly (readonly [string, (item: Feedback) => string])[] = [
  ['id', ({ id }) => id],
  ['source', ({ source }) => source],
  ['externalId', ({ externalId }) => externalId],
  ['kind', ({ kind }) => kind],
  ['status', ({ status }) => status],
  ['title', ({ title }) => title],
  ['body', ({ body }) => body],
  ['labels', ({ labels }) => labels.join(';')],
  ['service', ({ service }) => service ?? ''],
  ['release', ({ release }) => release ?? ''],
  ['occurrences', ({ occurrences }) => String(occurrences)],
  ['firstSeen', ({ firstSeen }) => firstSeen],
  ['lastSeen', ({ lastSeen }) => lastSeen],
  ['clustering', ({ clustering }) => clustering],
  ['clusterId', ({ clusterId }) => clusterId ?? ''],
  ['url', ({ url }) => url ?? ''],
];

/** A line by RFC 4180. What a spreadsheet would take for a formula gets an apostrophe in front, so that it is shown and not run. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

function cellOf(text: string): string {
  const safe = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
