import type { CanaryPlan, CanaryPlanInput, Metric } from '../../contracts/canary-plan.ts';
import { parseDuration } from '../duration.ts';

const minute = 60_000;
const defaultSteps: NonNullable<CanaryPlanInput['steps']> = [
  { weight: 10, soak: '2m' },
  { weight: 25, soak: '2m' },
  { weight: 50, soak: '5m' },
  { weight: 100, soak: '0' },
];
const defaultLimits: Record<Metric, { max: number }> = {
  errorRate: { max: 1 },
  p95: { max: 200 },
  p99: { max: 500 },
};
const metrics = ['errorRate', 'p95', 'p99'] as const satisfies readonly Metric[];

/** The plan with every default filled in and all times in milliseconds. Expects a plan without `planProblems`. */
export function freezePlan(input: CanaryPlanInput | null): CanaryPlan {
  const { steps, checks, thresholds, timeouts, ...rest } = input ?? {};
  const intervalMs = ms(checks?.interval, 30_000);
  return {
    steps: (steps ?? defaultSteps).map((step) => ({
      weight: step.weight,
      soakMs: ms(step.soak, 0),
      gate: freezeGate(step.gate),
    })),
    checks: {
      intervalMs,
      windowMs: ms(checks?.window, Math.max(minute, intervalMs)),
      failureLimit: checks?.failureLimit ?? 3,
      minRequests: checks?.minRequests ?? 20,
    },
    thresholds: metrics.map((metric) =>
      freezeThreshold(metric, thresholds?.[metric] ?? defaultLimits[metric]),
    ),
    onStableBreach: rest.onStableBreach ?? 'hold',
    timeouts: {
      healthMs: ms(timeouts?.health, minute),
      verifyMs: ms(timeouts?.verify, minute),
      holdMs: ms(timeouts?.hold, 15 * minute),
      deadlineMs: ms(timeouts?.deadline, 24 * 60 * minute),
    },
    leaseMs: ms(rest.lease, 15_000),
    drainDelayMs: ms(rest.drainDelay, 30_000),
    warmWindowMs: ms(rest.warmWindow, 60 * minute),
  };
}

type GateInput = NonNullable<CanaryPlanInput['steps']>[number]['gate'];
type ThresholdInput = NonNullable<NonNullable<CanaryPlanInput['thresholds']>[Metric]>;

function freezeGate(gate: GateInput): CanaryPlan['steps'][number]['gate'] {
  if (gate === undefined || gate === false) return null;
  const asked = gate === true ? {} : gate;
  const ofGroups = (asked.groups ?? []).reduce((sum, { approvals }) => sum + approvals, 0);
  return {
    timeoutMs: ms(asked.timeout, 60 * minute),
    onTimeout: asked.onTimeout ?? 'abort',
    approvals: asked.approvals ?? Math.max(1, ofGroups),
    allowRequester: asked.allowRequester ?? false,
    ...(asked.groups === undefined ? {} : { groups: asked.groups }),
    ...(asked.escalation === undefined ? {} : { escalation: asked.escalation.map(freezeLevel) }),
  };
}

function freezeLevel({ after, groups }: { after: string; groups: string[] }) {
  return { afterMs: parseDuration(after), groups };
}

function freezeThreshold(metric: Metric, limit: ThresholdInput): CanaryPlan['thresholds'][number] {
  return {
    metric,
    max: limit.max ?? null,
    maxRatio: limit.maxRatio ?? null,
    maxIncrease: limit.maxIncrease ?? null,
  };
}

function ms(duration: string | undefined, fallback: number): number {
  return duration === undefined ? fallback : parseDuration(duration);
}
