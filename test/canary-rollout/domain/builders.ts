import type { CanaryPlan, CanaryPlanInput } from '../../../contracts/canary-plan.ts';
import type { CanaryRolloutState } from '../../../contracts/canary-rollout.ts';
import type { VersionBucket } from '../../../contracts/proxy.ts';
import type { JudgeInput } from '../../../domain/canary-rollout/judge.ts';
import { freezePlan } from '../../../domain/canary-rollout/plan.ts';
import type { Check } from '../../../domain/canary-rollout/watch.ts';
import { latencyBucket } from '../../../domain/latency.ts';

export interface Arm {
  readonly requests: number;
  readonly errors?: number;
  /** Answers by their latency in milliseconds; all requests at 20 ms when left out. */
  readonly latency?: Readonly<Record<number, number>>;
  readonly up?: number;
  readonly second?: number;
}

/** One second of one version. */
export function bucketOf(version: string, arm: Arm): VersionBucket {
  const { requests, errors = 0, up = 1, second = 1000, latency = { 20: requests } } = arm;
  const counts = Object.entries(latency).filter(([, count]) => count > 0);
  return {
    second,
    version,
    sessions: requests,
    requests,
    errors,
    up,
    latency: Object.fromEntries(counts.map(([ms, count]) => [latencyBucket(Number(ms)), count])),
  };
}

type Limits = Partial<Record<'errorRate' | 'p95' | 'p99', Partial<CanaryPlan['thresholds'][number]>>>;

/** A question to the judge about canary `v2` and stable `v1`; without limits it is the default plan's. */
export function question(
  arms: { canary?: Arm; stable?: Arm | null },
  limits?: Limits,
  change: Partial<JudgeInput> = {},
): JudgeInput {
  const plan = freezePlan(null);
  const { canary, stable } = arms;
  return {
    policy: 1,
    checks: plan.checks,
    thresholds: limits === undefined ? plan.thresholds : thresholdsOf(limits),
    canary: 'v2',
    stable: stable === null ? null : 'v1',
    buckets: [...(canary ? [bucketOf('v2', canary)] : []), ...(stable ? [bucketOf('v1', stable)] : [])],
    muted: [],
    ...change,
  };
}

function thresholdsOf(limits: Limits): CanaryPlan['thresholds'] {
  return (['errorRate', 'p95', 'p99'] as const)
    .filter((metric) => limits[metric] !== undefined)
    .map((metric) => ({ metric, max: null, maxRatio: null, maxIncrease: null, ...limits[metric] }));
}

export function planOf(input: CanaryPlanInput = {}): CanaryPlan {
  return freezePlan(input);
}

export function checkOf(verdict: Check['verdict']): Check {
  return { verdict, explanation: `it is ${verdict}`, canaryRequests: 100, stableRequests: 900, metrics: [] };
}

/** A rollout that soaks at its second step, revision 7. */
export function stateOf(change: Partial<CanaryRolloutState> = {}): CanaryRolloutState {
  return {
    phase: 'soaking',
    revision: 7,
    step: 1,
    weight: 25,
    compared: true,
    waitingFor: null,
    hold: null,
    muted: [],
    gate: null,
    lastCheck: null,
    outcome: null,
    reason: null,
    ...change,
  };
}
