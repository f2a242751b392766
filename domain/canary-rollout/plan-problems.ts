import type { CanaryPlan, CanaryPlanInput } from '../../contracts/canary-plan.ts';
import { formatDuration } from '../duration.ts';
import { gateProblems } from './gate-problems.ts';
import { freezePlan } from './plan.ts';

export interface PlanProblem {
  /** JSON pointer into the plan. */
  readonly pointer: string;
  readonly detail: string;
}

const day = 24 * 3_600_000;

/** What is wrong with a plan that has the right shape: each problem names the field and what to write instead. */
export function planProblems(input: CanaryPlanInput): PlanProblem[] {
  const plan = freezePlan(input);
  return [
    ...stepProblems(plan),
    ...plan.steps.flatMap(gateProblems),
    ...durationProblems(plan),
    ...checkProblems(plan),
  ];
}

function stepProblems(plan: CanaryPlan): PlanProblem[] {
  if (plan.steps.length === 0) {
    return [
      { pointer: '/steps', detail: 'has no step; write at least one, or leave steps out for the default' },
    ];
  }
  return plan.steps.flatMap((step, index) => {
    const before = plan.steps[index - 1]?.weight ?? 0;
    const problems: PlanProblem[] = [];
    if (step.weight > 100 || step.weight < 1) {
      problems.push({
        pointer: `/steps/${index}/weight`,
        detail: `is ${step.weight}; write a percentage from 1 to 100`,
      });
    } else if (step.weight <= before) {
      const detail = `is ${step.weight} after ${before}; weights must rise with every step`;
      problems.push({ pointer: `/steps/${index}/weight`, detail });
    }
    if (step.weight < 100 && step.soakMs === 0 && step.gate === null) {
      const detail = 'is 0, so nothing would be judged at this weight; give it a soak such as 2m, or a gate';
      problems.push({ pointer: `/steps/${index}/soak`, detail });
    }
    if (step.weight === 100 && step.soakMs > 0 && plan.thresholds.some(isRelative)) {
      const detail =
        'leaves the stable version no requests to compare with (maxRatio, maxIncrease); leave it out, or soak at 50';
      problems.push({ pointer: `/steps/${index}/soak`, detail });
    }
    return problems;
  });
}

function isRelative({ maxRatio, maxIncrease }: CanaryPlan['thresholds'][number]): boolean {
  return maxRatio !== null || maxIncrease !== null;
}

function durationProblems(plan: CanaryPlan): PlanProblem[] {
  const { timeouts, checks } = plan;
  const bounds: [string, number, number, number][] = [
    ...plan.steps.map((step, index): [string, number, number, number] => [
      `/steps/${index}/soak`,
      step.soakMs,
      0,
      7 * day,
    ]),
    ...plan.steps.flatMap((step, index): [string, number, number, number][] =>
      step.gate === null ? [] : [[`/steps/${index}/gate/timeout`, step.gate.timeoutMs, 1000, 30 * day]],
    ),
    ['/checks/interval', checks.intervalMs, 500, 3_600_000],
    ['/checks/window', checks.windowMs, 1000, day],
    ['/timeouts/health', timeouts.healthMs, 100, 3_600_000],
    ['/timeouts/verify', timeouts.verifyMs, 1000, 3_600_000],
    ['/timeouts/hold', timeouts.holdMs, 100, 7 * day],
    ['/timeouts/deadline', timeouts.deadlineMs, 1000, 30 * day],
    ['/lease', plan.leaseMs, 2000, 600_000],
    ['/drainDelay', plan.drainDelayMs, 0, 3_600_000],
    ['/warmWindow', plan.warmWindowMs, 0, 7 * day],
  ];
  return bounds
    .filter(([, value, least, most]) => value < least || value > most)
    .map(([pointer, value, least, most]) => ({
      pointer,
      detail: `is ${formatDuration(value)}; write a time from ${formatDuration(least)} to ${formatDuration(most)}`,
    }));
}

function checkProblems(plan: CanaryPlan): PlanProblem[] {
  const { checks } = plan;
  const problems: PlanProblem[] = [];
  const soaks = plan.steps.reduce((sum, step) => sum + step.soakMs, 0);
  if (plan.timeouts.deadlineMs < soaks) {
    const detail = `is ${formatDuration(plan.timeouts.deadlineMs)}, less than the soaks of all steps (${formatDuration(soaks)}); raise it`;
    problems.push({ pointer: '/timeouts/deadline', detail });
  }
  if (checks.windowMs < checks.intervalMs) {
    const detail = `is ${formatDuration(checks.windowMs)}, shorter than the interval of ${formatDuration(checks.intervalMs)}, so some requests would never be judged; raise it`;
    problems.push({ pointer: '/checks/window', detail });
  }
  for (const { metric, max, maxRatio, maxIncrease } of plan.thresholds) {
    if (max === null && maxRatio === null && maxIncrease === null) {
      problems.push({
        pointer: `/thresholds/${metric}`,
        detail: 'has no limit; give it max, maxRatio or maxIncrease',
      });
    }
    if (metric === 'errorRate' && max !== null && max > 100) {
      problems.push({
        pointer: '/thresholds/errorRate/max',
        detail: `is ${max}; write a percentage up to 100`,
      });
    }
  }
  return problems;
}
