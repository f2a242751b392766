import type { LoadReport } from '../../bench/load.ts';
import type { EdgeReceipt } from './edge/receipt.ts';

/** What the demo proves, in figures of the load generators and of the proxies themselves. Times in seconds. */
export interface Receipt extends EdgeReceipt {
  readonly requests: number;
  readonly failed_by_bad_version: number;
  /** Every other failure: must be 0. */
  readonly failed_otherwise: number;
  /** First bad answer of v2 to its last answer of all. */
  readonly rollback_seconds: number;
  /** The check that decided to the last answer of v2. */
  readonly actuation_seconds: number;
  /** Event of v3's history at which the worker was killed. */
  readonly killed_at_event: number;
  readonly promoted: string;
  /** Reports that came in, and the clusters of two and more that they are in. */
  readonly reports: number;
  readonly clusters: number;
  readonly seconds_total: number;
}

export function receiptOf(seen: {
  report: LoadReport;
  killedAtEvent: number;
  verdictAt: number | null;
  clustered: { items: number; clusters: number };
  edge: EdgeReceipt;
  secondsTotal: number;
}): Receipt {
  const bad = seen.report.versions['v2'];
  if (bad?.firstBadAt == null) throw new Error('the bad version was never seen to fail: nothing was proven');
  if (seen.verdictAt === null) throw new Error('no check decided about the bad version');
  return {
    requests: seen.report.requests,
    failed_by_bad_version: bad.failed,
    failed_otherwise: seen.report.failed - bad.failed,
    rollback_seconds: seconds(bad.lastAt - bad.firstBadAt),
    actuation_seconds: seconds(Math.max(0, bad.lastAt - seen.verdictAt)),
    killed_at_event: seen.killedAtEvent,
    promoted: lastVersion(seen.report),
    reports: seen.clustered.items,
    clusters: seen.clustered.clusters,
    ...seen.edge,
    seconds_total: seconds(seen.secondsTotal * 1000),
  };
}

export function receiptText(
  receipt: Receipt,
  links: { docs: string; ui: string; kept: boolean; file: string },
): string {
  const rows = Object.entries(receipt).map(([name, value]) => `   ${name.padEnd(26)} ${value}`);
  const kept = links.kept ? '' : '   (KEEP=1 make demo leaves it running)';
  return [
    '',
    '== Receipt',
    ...rows,
    '',
    `   written to ${links.file}`,
    `   API docs     ${links.docs}${kept}`,
    `   Temporal UI  ${links.ui}${kept}`,
    '',
  ].join('\n');
}

/** The version that answered last, when the load ended. */
function lastVersion(report: LoadReport): string {
  const versions = Object.entries(report.versions).sort(([, a], [, b]) => b.lastAt - a.lastAt);
  return versions[0]?.[0] ?? 'none';
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
