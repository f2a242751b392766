import { countNames, type DistinctCount, mergeCounts } from './distinct-count.ts';
import { type Exemplar, mergeExemplars } from './exemplars.ts';
import { mergeSketches, type QuantileSketch, sketchOf } from './quantile-sketch.ts';

/** A line of a log, redacted. */
export interface LogLine {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly service: string;
  readonly route: string | null;
  /** HTTP status. */
  readonly status: number | null;
  readonly isError: boolean;
  readonly release: string | null;
  readonly latencyMs: number | null;
  readonly user: string | null;
  readonly message: string;
}

/** What is kept of the lines of one window. Times in milliseconds since 1970. */
export interface LogWindow {
  readonly count: number;
  readonly errors: number;
  readonly latency: QuantileSketch;
  readonly users: DistinctCount;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly exemplars: readonly Exemplar[];
}

/** The window of some lines, at least one: what merging the windows of each of them comes to, and much faster. */
export function windowOf(lines: readonly LogLine[]): LogWindow {
  const times = lines.map(({ atMs }) => atMs);
  return {
    count: lines.length,
    errors: lines.filter(({ isError }) => isError).length,
    latency: sketchOf(lines.flatMap(({ latencyMs }) => latencyMs ?? [])),
    users: countNames(new Set(lines.flatMap(({ user }) => user ?? []))),
    firstMs: Math.min(...times),
    lastMs: Math.max(...times),
    exemplars: mergeExemplars(lines, []),
  };
}

/** Associative and commutative: in whatever order and groups windows are merged, the same comes out. Not idempotent: see db/log-window/add.ts. */
export function mergeWindows(a: LogWindow, b: LogWindow): LogWindow {
  return {
    count: a.count + b.count,
    errors: a.errors + b.errors,
    latency: mergeSketches(a.latency, b.latency),
    users: mergeCounts(a.users, b.users),
    firstMs: Math.min(a.firstMs, b.firstMs),
    lastMs: Math.max(a.lastMs, b.lastMs),
    exemplars: mergeExemplars(a.exemplars, b.exemplars),
  };
}
