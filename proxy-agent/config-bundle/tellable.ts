import type { ConfigReport } from '../../contracts/config-bundle.ts';

const longestFailure = 4000;
/** Of a drifted file, in bytes of JSON: the API takes reports of 512 KiB. */
const longestContent = 400_000;

/**
 * A report that the API can keep: what programs and files of the host say may hold what PostgreSQL does not store, or be too long, and a
 * report that is refused would keep everything else from being told.
 */
export function tellable(report: ConfigReport): ConfigReport {
  const { failure, drift } = report;
  const short = {
    ...report,
    failure: failure && failure.slice(0, longestFailure),
    drift: drift && withinLimit(drift),
  };
  return JSON.parse(JSON.stringify(short), (_, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : value,
  ) as ConfigReport;
}

/** A file that is told in part would be adopted in part. */
function withinLimit(drift: NonNullable<ConfigReport['drift']>): NonNullable<ConfigReport['drift']> {
  if (drift.content === null) return drift;
  const bytes = Buffer.byteLength(JSON.stringify(drift.content));
  if (bytes <= longestContent && !drift.content.includes('\0')) return drift;
  const why =
    bytes > longestContent ? 'it is too long to be told' : 'it holds a NUL, which no configuration may';
  return { ...drift, content: null, detail: `${drift.detail}; ${why}` };
}
