import type { LoadReport, VersionReport } from '../../../bench/load.ts';

/** What each HAProxy answered that it serves, and what the live revision comes to. */
export interface ServedHashes {
  readonly wanted: string;
  readonly served: readonly (string | null)[];
}

/** What was seen of the edge; `first`, `back` and `second` after each rollout. */
export interface EdgeSeen {
  readonly first: ServedHashes;
  readonly back: ServedHashes;
  readonly second: ServedHashes;
  /** Of the load on each proxy. */
  readonly reports: readonly LoadReport[];
}

/** What the edge proves, in figures of the load generator and of the HAProxies themselves. Times in seconds. */
export interface EdgeReceipt {
  readonly edge_requests: number;
  readonly edge_failed_by_bad_config: number;
  /** Every other failure, reloads included: must be 0. */
  readonly edge_failed_otherwise: number;
  /** Proxies that ever answered by the bad configuration: one, the first wave. */
  readonly edge_reached_by_bad_config: string;
  /** First answer by the bad configuration to its last of all. */
  readonly edge_back_seconds: number;
  readonly edge_after_bad: string;
  readonly edge_after_good: string;
}

export function edgeReceiptOf({ first, back, second, reports }: EdgeSeen): EdgeReceipt {
  const bad = reports.flatMap(({ versions }) => versions['edge-bad'] ?? []);
  if (bad.length === 0) throw new Error('the bad configuration was never served: nothing was proven');
  requireEverywhere('the first configuration', first);
  if (back.wanted !== first.wanted) throw new Error('the bad configuration is live');
  requireEverywhere('the configuration before the bad one', back);
  requireEverywhere('the good configuration', second);
  const failed = sum(reports, (report) => report.failed);
  const failedByBad = sum(bad, (version) => version.failed);
  return {
    edge_requests: sum(reports, (report) => report.requests),
    edge_failed_by_bad_config: failedByBad,
    edge_failed_otherwise: failed - failedByBad,
    edge_reached_by_bad_config: `${bad.length} of ${reports.length}`,
    edge_back_seconds: Math.round(spanOf(bad)) / 1000,
    edge_after_bad: servedText(back),
    edge_after_good: servedText(second),
  };
}

function requireEverywhere(what: string, { wanted, served }: ServedHashes): void {
  if (served.every((hash) => hash === wanted)) return;
  throw new Error(`${what} (${wanted}) is not what every proxy serves: ${served.join(', ')}`);
}

function servedText({ wanted, served }: ServedHashes): string {
  const count = served.filter((hash) => hash === wanted).length;
  return `${count} of ${served.length} serve ${wanted.slice(0, 12)}`;
}

function spanOf(versions: readonly VersionReport[]): number {
  const first = Math.min(...versions.map(({ firstAt }) => firstAt));
  return Math.max(...versions.map(({ lastAt }) => lastAt)) - first;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
