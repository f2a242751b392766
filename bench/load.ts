import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';

export interface LoadOptions {
  /** Loopback only: this generator never leaves the machine. */
  readonly url: string;
  readonly ratePerSecond: number;
  /** Bound in time; the load ends by itself. */
  readonly maxSeconds: number;
  /** More than this many open requests are counted as failures, not queued: the load stays open-loop. */
  readonly maxInFlight?: number;
  readonly timeoutMs?: number;
  readonly onAnswer?: (answer: Answer) => void;
}

export interface Answer {
  /** Milliseconds since the epoch; latency counts from `scheduledAt`. */
  readonly scheduledAt: number;
  readonly answeredAt: number;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly version: string | null;
  readonly error: string | null;
}

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

export interface Load {
  snapshot(): LoadReport;
  /** Ends the load and waits for what is in flight. */
  stop(): Promise<LoadReport>;
  /** Resolves when the load has ended. */
  readonly ended: Promise<LoadReport>;
}

/** Open-loop load: requests leave on schedule whether or not earlier ones were answered, so slowness cannot hide itself. */
export function startLoad(options: LoadOptions): Load {
  const target = new URL(options.url);
  if (!['127.0.0.1', '[::1]', 'localhost'].includes(target.hostname))
    throw new Error(`load goes to loopback only, not ${target.hostname}`);
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, scheduling: 'lifo' });
  const report: LoadReport = { requests: 0, failed: 0, failedWithoutVersion: 0, versions: {} };
  const began = performance.now();
  const epoch = performance.timeOrigin;
  const intervalMs = 1000 / options.ratePerSecond;
  let sent = 0;
  let inFlight = 0;
  let over = false;
  const { promise: ended, resolve: end } = Promise.withResolvers<LoadReport>();

  const timer = setInterval(sendDue, Math.max(1, Math.min(10, intervalMs)));

  function sendDue(): void {
    const elapsed = performance.now() - began;
    if (elapsed > options.maxSeconds * 1000) over = true;
    while (!over && sent * intervalMs <= elapsed) send(began + sent++ * intervalMs);
    if (!over) return;
    clearInterval(timer);
    if (inFlight === 0) finish();
  }

  function send(scheduled: number): void {
    const answered = (status: number, version: string | null, error: string | null): void => {
      inFlight -= 1;
      note({ scheduledAt: epoch + scheduled, answeredAt: epoch + performance.now(), status, version, error });
      if (over && inFlight === 0) finish();
    };
    inFlight += 1;
    if (inFlight > (options.maxInFlight ?? 2000)) return answered(0, null, 'too many open requests');
    let settled = false;
    const once = (status: number, version: string | null, error: string | null): void => {
      if (settled) return;
      settled = true;
      answered(status, version, error);
    };
    const outgoing = request(target, { agent, timeout: options.timeoutMs ?? 5000 }, (response) => {
      const version = response.headers['x-version'];
      response.resume();
      response.once('end', () =>
        once(response.statusCode ?? 0, typeof version === 'string' ? version : null, null),
      );
      response.once('error', (error) => once(0, null, error.message));
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.once('error', (error) => once(0, null, error.message));
    outgoing.end();
  }

  function note(answer: Answer): void {
    const bad = answer.status < 200 || answer.status >= 500;
    report.requests += 1;
    if (bad) report.failed += 1;
    if (answer.version !== null) count(answer.version, answer.answeredAt, bad);
    else if (bad) report.failedWithoutVersion += 1;
    options.onAnswer?.(answer);
  }

  function count(version: string, at: number, bad: boolean): void {
    const seen = (report.versions[version] ??= {
      requests: 0,
      failed: 0,
      firstAt: at,
      lastAt: at,
      firstBadAt: null,
      lastBadAt: null,
    });
    seen.requests += 1;
    seen.lastAt = Math.max(seen.lastAt, at);
    if (!bad) return;
    seen.failed += 1;
    seen.firstBadAt ??= at;
    seen.lastBadAt = at;
  }

  function finish(): void {
    agent.destroy();
    end(report);
  }

  return {
    snapshot: () => structuredClone(report),
    stop() {
      over = true;
      return ended;
    },
    ended,
  };
}
