import { latencyBucket, quantileMs } from '../domain/latency.ts';

export interface Answer {
  /** Milliseconds since the epoch; latency counts from `scheduledAt`. */
  readonly scheduledAt: number;
  readonly answeredAt: number;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly version: string | null;
  readonly error: string | null;
}

/** What one version answered. Times are milliseconds since the epoch. */
export interface VersionReport {
  requests: number;
  failed: number;
  firstAt: number;
  lastAt: number;
  firstBadAt: number | null;
  lastBadAt: number | null;
}

export interface LoadReport {
  requests: number;
  failed: number;
  /** Failures that no version answered: the proxy's own, refused, timed out. */
  failedWithoutVersion: number;
  versions: Record<string, VersionReport>;
}

export interface DetailedLoadReport extends LoadReport {
  /** Requests sent again because a kept connection was closed in the moment of its use; not failures. */
  resent: number;
  /** Failures that no version answered, by reason. */
  reasons: Record<string, number>;
  /** Milliseconds from the scheduled time to the whole answer, within 5 %; null without answers. */
  latencyMs: { p50: number | null; p95: number | null; p99: number | null; max: number };
}

export interface Tally {
  note(answer: Answer): void;
  resent(): void;
  snapshot(): DetailedLoadReport;
}

/** Counts answers as they come. An answer is bad when its status is not 2xx or 3xx. */
export function createTally(): Tally {
  const counts = { requests: 0, failed: 0, failedWithoutVersion: 0, resent: 0 };
  const versions: Record<string, VersionReport> = {};
  const reasons: Record<string, number> = {};
  const sketch: Record<string, number> = {};
  let max = 0;

  function note(answer: Answer): void {
    const isBad = answer.status < 200 || answer.status >= 400;
    counts.requests += 1;
    if (isBad) counts.failed += 1;
    if (answer.version !== null) noteVersion(answer.version, answer.answeredAt, isBad);
    else if (isBad) noteReason(answer.error ?? `HTTP ${answer.status}`);
    if (answer.status !== 0) noteLatency(answer.answeredAt - answer.scheduledAt);
  }

  function noteVersion(version: string, at: number, isBad: boolean): void {
    const seen = (versions[version] ??= firstSight(at));
    seen.requests += 1;
    seen.lastAt = Math.max(seen.lastAt, at);
    if (!isBad) return;
    seen.failed += 1;
    seen.firstBadAt ??= at;
    seen.lastBadAt = at;
  }

  function noteReason(reason: string): void {
    counts.failedWithoutVersion += 1;
    reasons[reason] = (reasons[reason] ?? 0) + 1;
  }

  function noteLatency(ms: number): void {
    const bucket = String(latencyBucket(ms));
    sketch[bucket] = (sketch[bucket] ?? 0) + 1;
    max = Math.max(max, ms);
  }

  function snapshot(): DetailedLoadReport {
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => quantileMs(sketch, q)) as [number, number, number];
    return structuredClone({ ...counts, versions, reasons, latencyMs: { p50, p95, p99, max } });
  }

  return { note, resent: () => void (counts.resent += 1), snapshot };
}

function firstSight(at: number): VersionReport {
  return { requests: 0, failed: 0, firstAt: at, lastAt: at, firstBadAt: null, lastBadAt: null };
}
