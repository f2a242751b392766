import type { ConfigPlan, ConfigPlanInput, ConfigWaveRule } from '../../contracts/config-plan.ts';
import { parseDuration } from '../duration.ts';

const minute = 60_000;
const waveBakeMs = 2 * minute;
const restBakeMs = 5 * minute;
const defaultWaves: NonNullable<ConfigPlanInput['waves']> = [{ percent: 5 }, { percent: 25 }];
const metrics = ['errorRate', 'refusedRate', 'p95', 'p99'] as const;

/**
 * The plan with every default filled in and all times in milliseconds. Without `waves` it takes the default ones; an empty list is one
 * wave of everybody. Expects a plan without `planProblems`.
 */
export function freezePlan(input: ConfigPlanInput | null): ConfigPlan {
  const { waves = defaultWaves, rest, checks, apply, partition, deadline } = input ?? {};
  return {
    waves: [
      ...waves.map((wave) => ({
        rule: ruleOf(wave),
        bakeMs: ms(wave.bake, waveBakeMs),
        approval: freezeApproval(wave.approval),
      })),
      { rule: { by: 'rest' }, bakeMs: ms(rest?.bake, restBakeMs), approval: freezeApproval(rest?.approval) },
    ],
    checks: freezeChecks(checks),
    applyMs: ms(apply, 2 * minute),
    partition: {
      policy: partition?.policy ?? 'wait',
      afterMs: ms(partition?.after, 30_000),
      budgetPercent: partition?.budgetPercent ?? 0,
    },
    deadlineMs: ms(deadline, 24 * 60 * minute),
  };
}

type WaveInput = NonNullable<ConfigPlanInput['waves']>[number];

function ruleOf({ percent, regions, labels }: WaveInput): ConfigWaveRule {
  if (percent !== undefined) return { by: 'percent', percent };
  if (regions !== undefined) return { by: 'region', regions };
  return { by: 'labels', labels: labels ?? {} };
}

function freezeApproval(approval: WaveInput['approval']): ConfigPlan['waves'][number]['approval'] {
  if (approval === undefined || approval === false) return null;
  const asked = approval === true ? {} : approval;
  const groups = asked.groups ?? [];
  const ofGroups = groups.reduce((sum, { approvals }) => sum + approvals, 0);
  return {
    approvals: asked.approvals ?? Math.max(1, ofGroups),
    groups,
    timeoutMs: ms(asked.timeout, 60 * minute),
    onTimeout: asked.onTimeout ?? 'abort',
    allowRequester: asked.allowRequester ?? false,
  };
}

function freezeChecks(checks: ConfigPlanInput['checks']): ConfigPlan['checks'] {
  const named = { errorRate: { max: 5 }, ...checks };
  const probe = checks?.probe;
  return {
    intervalMs: ms(checks?.interval, 5000),
    failureLimit: checks?.failureLimit ?? 1,
    minRequests: checks?.minRequests ?? 0,
    limits: metrics.flatMap((metric) => {
      const limit: { max?: number; maxIncrease?: number } | undefined = named[metric];
      if (limit === undefined) return [];
      return [{ metric, max: limit.max ?? null, maxIncrease: limit.maxIncrease ?? null }];
    }),
    probe:
      probe === undefined
        ? null
        : { port: probe.port, path: probe.path, host: probe.host ?? null, status: probe.status ?? 200 },
  };
}

function ms(duration: string | undefined, fallback: number): number {
  return duration === undefined ? fallback : parseDuration(duration);
}
