import type { FeedbackFilter, FeedbackLevel } from '../../contracts/feedback-source.ts';
import type { Report } from './report.ts';

const levels: readonly FeedbackLevel[] = ['debug', 'info', 'warning', 'error', 'fatal'];

/** The words of others for the same. */
const alike: Readonly<Record<string, FeedbackLevel>> = {
  warn: 'warning',
  critical: 'fatal',
  alert: 'fatal',
  emergency: 'fatal',
  notice: 'info',
  success: 'info',
};

/** Whether a source's filter lets a report in. */
export function isWanted(report: Report, filter: FeedbackFilter): boolean {
  const labels = new Set(report.labels.map((label) => label.toLowerCase()));
  const hasAny = (wanted: readonly string[]): boolean =>
    wanted.some((label) => labels.has(label.toLowerCase()));
  if (filter.labels !== undefined && !hasAny(filter.labels)) return false;
  if (filter.withoutLabels !== undefined && hasAny(filter.withoutLabels)) return false;
  if (filter.level !== undefined && isBelow(report.metadata['level'], filter.level)) return false;
  const title = report.title.toLowerCase();
  return filter.titleContains?.some((part) => title.includes(part.toLowerCase())) ?? true;
}

/** A level that is not told, or that nobody knows, is below nothing. */
function isBelow(level: unknown, least: FeedbackLevel): boolean {
  if (typeof level !== 'string') return false;
  const told = level.toLowerCase();
  const place = levels.indexOf(alike[told] ?? (told as FeedbackLevel));
  return place !== -1 && place < levels.indexOf(least);
}
