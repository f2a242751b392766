import { Agent } from 'node:http';
import { performance } from 'node:perf_hooks';
import { arrivalTimes } from './load-arrivals.ts';
import { createTally, type Answer, type DetailedLoadReport } from './load-report.ts';
import { sendGet } from './load-request.ts';

export type { Answer, DetailedLoadReport, LoadReport, VersionReport } from './load-report.ts';

export interface LoadOptions {
  /** Loopback only: this generator never leaves the machine. */
  readonly url: string;
  readonly ratePerSecond: number;
  /** Bound in time; the load ends by itself. */
  readonly maxSeconds: number;
  /** Bound in count; default: rate times time. */
  readonly maxRequests?: number;
  /** `constant` (the default): even gaps. `poisson`: independent arrivals, as of many users; the same seed gives the same times. */
  readonly arrivals?: 'constant' | 'poisson';
  readonly seed?: number;
  /** More than this many open requests are counted as failures, not queued: the load stays open-loop. */
  readonly maxInFlight?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onAnswer?: (answer: Answer) => void;
}

export interface Load {
  snapshot(): DetailedLoadReport;
  /** Ends the load and waits for what is in flight. */
  stop(): Promise<DetailedLoadReport>;
  /** Resolves when the load has ended. */
  readonly ended: Promise<DetailedLoadReport>;
}

const loopback = /^(127[.][0-9.]+|\[::1\]|localhost)$/;

/** Open-loop load: requests leave on schedule whether or not earlier ones were answered, so slowness cannot hide itself. */
export function startLoad(options: LoadOptions): Load {
  const { maxInFlight = 2000, timeoutMs = 5000, maxRequests = Infinity } = options;
  const url = new URL(options.url);
  if (!loopback.test(url.hostname)) throw new Error(`load goes to loopback only, not to ${url.hostname}`);
  if (!(options.ratePerSecond > 0) || !(options.maxSeconds > 0))
    throw new Error('load needs a rate and a time above 0');
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, scheduling: 'lifo' });
  const tally = createTally();
  const arrivals = arrivalTimes(options);
  const began = performance.now();
  const { promise: ended, resolve: end } = Promise.withResolvers<DetailedLoadReport>();
  let due = arrivals.next().value;
  let sent = 0;
  let inFlight = 0;
  let isOver = false;

  const timer = setInterval(sendDue, Math.max(1, Math.min(10, 1000 / options.ratePerSecond)));
  options.signal?.addEventListener('abort', finish, { once: true });

  function sendDue(): void {
    const elapsed = performance.now() - began;
    while (!isOver && due <= elapsed) {
      if (due > options.maxSeconds * 1000 || sent >= maxRequests) return finish();
      send(began + due);
      due = arrivals.next().value;
    }
  }

  function send(scheduled: number): void {
    sent += 1;
    if (inFlight >= maxInFlight) return note(scheduled, { status: 0, version: null, error: 'too many open' });
    inFlight += 1;
    sendGet({ url, agent, timeoutMs, onResend: tally.resent }, (answer) => {
      inFlight -= 1;
      note(scheduled, answer);
      if (isOver && inFlight === 0) close();
    });
  }

  function note(scheduled: number, answer: Pick<Answer, 'status' | 'version' | 'error'>): void {
    const epoch = performance.timeOrigin;
    const timed = { scheduledAt: epoch + scheduled, answeredAt: epoch + performance.now(), ...answer };
    tally.note(timed);
    options.onAnswer?.(timed);
  }

  function finish(): void {
    if (isOver) return;
    isOver = true;
    clearInterval(timer);
    if (inFlight === 0) close();
  }

  function close(): void {
    options.signal?.removeEventListener('abort', finish);
    agent.destroy();
    end(tally.snapshot());
  }

  return {
    snapshot: tally.snapshot,
    stop() {
      finish();
      return ended;
    },
    ended,
  };
}
