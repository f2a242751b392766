import type { Metric } from '../../contracts/canary-plan.ts';
import { bucketUpperMs, quantileMs, type LatencySketch } from '../latency.ts';
import { isSurelyAbove, isSurelyMoreBy, isSurelyTimes, upperRank, type Tally } from './evidence.ts';

/** Requests that were counted. */
export interface Counted {
  readonly requests: number;
  readonly errors: number;
  readonly latency: LatencySketch;
  /** Answers whose latency was measured; they may be fewer than the requests. */
  readonly measured: number;
}

/** One metric of what was counted and how sure its readings are. Units: percent for `errorRate`, milliseconds for latencies. */
export interface Measure {
  readonly name: string;
  /** Answers that the reading rests on. */
  counted(arm: Counted): number;
  /** The reading, or null without data. */
  read(arm: Counted): number | null;
  /** What the reading rests on, in words. */
  basis(arm: Counted): string;
  spell(amount: number): string;
  isAbove(arm: Counted, limit: number): boolean;
  isAboveTimes(canary: Counted, stable: Counted, ratio: number): boolean;
  isAboveBy(canary: Counted, stable: Counted, increase: number): boolean;
}

export const measures: Record<Metric, Measure> = {
  errorRate: errorRate(),
  p95: latency('p95', 0.95),
  p99: latency('p99', 0.99),
};

function errorRate(): Measure {
  const tally = (arm: Counted): Tally => ({ bad: arm.errors, of: arm.requests });
  return {
    name: 'error rate',
    counted: (arm) => arm.requests,
    read: (arm) => (arm.requests === 0 ? null : (100 * arm.errors) / arm.requests),
    basis: (arm) => `${arm.errors} of ${arm.requests} requests`,
    spell: (percent) => `${shorten(percent)} %`,
    isAbove: (arm, limit) => isSurelyAbove(tally(arm), limit / 100),
    isAboveTimes: (canary, stable, ratio) => isSurelyTimes(tally(canary), tally(stable), ratio),
    isAboveBy: (canary, stable, increase) => isSurelyMoreBy(tally(canary), tally(stable), increase / 100),
  };
}

/**
 * A limit on the q-quantile says that at most 1 - q of all answers may be slower, so it is judged as a share of slow answers: one slow
 * answer among 20 does not prove that more than 1 % are. Against the stable arm, the limit starts from what its quantile surely does
 * not exceed (order statistics; David and Nagaraja, Order Statistics, 2003, section 7.1).
 */
function latency(label: string, q: number): Measure {
  const isAbove = (arm: Counted, limitMs: number): boolean =>
    isSurelyAbove({ bad: slowerThan(arm.latency, limitMs), of: arm.measured }, 1 - q);
  const upper = (arm: Counted): number =>
    quantileMs(arm.latency, upperRank(arm.measured, q) / arm.measured) ?? Infinity;
  return {
    name: `${label} latency`,
    counted: (arm) => arm.measured,
    read: (arm) => quantileMs(arm.latency, q),
    basis: (arm) => `${arm.measured} answers`,
    spell: (ms) => `${shorten(ms)} ms`,
    isAbove,
    isAboveTimes: (canary, stable, ratio) => isAbove(canary, upper(stable) * ratio),
    isAboveBy: (canary, stable, increase) => isAbove(canary, upper(stable) + increase),
  };
}

/** Answers that surely took longer: a bucket that the limit cuts is not counted. */
function slowerThan(sketch: LatencySketch, limitMs: number): number {
  return Object.entries(sketch)
    .filter(([bucket]) => bucketUpperMs(Number(bucket) - 1) >= limitMs * (1 - 1e-9))
    .reduce((sum, [, count]) => sum + count, 0);
}

function shorten(amount: number): number {
  return Number(amount.toFixed(amount < 10 ? 2 : amount < 100 ? 1 : 0));
}
