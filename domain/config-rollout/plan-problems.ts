import type { ConfigPlan, ConfigPlanInput } from '../../contracts/config-plan.ts';
import { type ConfigProblem, problem, problemIf } from '../config-document/problem.ts';
import { formatDuration } from '../duration.ts';
import { approvalProblems } from './approval-problems.ts';
import { freezePlan } from './plan.ts';

const second = 1000;
const hour = 3_600_000;
const day = 24 * hour;

/**
 * What is wrong with a plan that has the right shape: each problem names the field, below `pointer`, and says what to write instead.
 */
export function planProblems(input: ConfigPlanInput, pointer: string): ConfigProblem[] {
  const plan = freezePlan(input);
  const places = plan.waves.map((_, index) => (index < plan.waves.length - 1 ? `/waves/${index}` : '/rest'));
  return [
    ...(input.waves ?? []).flatMap(ruleProblems),
    ...risingProblems(input.waves ?? []),
    ...plan.waves.flatMap(({ approval }, index) => approvalProblems(approval, `${places[index]}/approval`)),
    ...durationProblems(plan, places),
    ...checkProblems(plan, places),
    ...partitionProblems(input.partition),
  ].map((found) => ({ ...found, pointer: `${pointer}${found.pointer}` }));
}

type WaveInput = NonNullable<ConfigPlanInput['waves']>[number];

function ruleProblems({ percent, regions, labels }: WaveInput, index: number): ConfigProblem[] {
  const rules = [percent, regions, labels].filter((rule) => rule !== undefined).length;
  const at = `/waves/${index}`;
  return [
    ...problemIf(rules !== 1, at, `has ${rules} of percent, regions and labels; write exactly one`),
    ...problemIf(
      labels !== undefined && Object.keys(labels).length === 0,
      `${at}/labels`,
      'names no label, so it would take everybody; name one, or leave the wave out',
    ),
  ];
}

/** A wave that no proxy can be left for would prove nothing. */
function risingProblems(waves: readonly WaveInput[]): ConfigProblem[] {
  let percent = 0;
  const regions = new Set<string>();
  return waves.flatMap((wave, index) => {
    const twice = wave.regions?.findIndex((region) => regions.has(region)) ?? -1;
    const before = percent;
    for (const region of wave.regions ?? []) regions.add(region);
    percent = Math.max(percent, wave.percent ?? 0);
    return [
      ...problemIf(
        wave.percent !== undefined && wave.percent <= before,
        `/waves/${index}/percent`,
        `is ${wave.percent} after ${before}; percents count the waves before them, so they must rise`,
      ),
      ...problemIf(
        twice !== -1,
        `/waves/${index}/regions/${twice}`,
        `is ${wave.regions?.[twice]}, which an earlier wave has taken; name it once`,
      ),
    ];
  });
}

type Bound = readonly [pointer: string, value: number, least: number, most: number];

function durationProblems(plan: ConfigPlan, places: readonly string[]): ConfigProblem[] {
  const bounds: Bound[] = [
    ...plan.waves.flatMap(({ bakeMs, approval }, index): Bound[] => [
      [`${places[index]}/bake`, bakeMs, 0, 7 * day],
      ...(approval === null
        ? []
        : [[`${places[index]}/approval/timeout`, approval.timeoutMs, second, 30 * day] as const]),
    ]),
    ['/checks/interval', plan.checks.intervalMs, second, hour],
    ['/apply', plan.applyMs, second, day],
    ['/partition/after', plan.partition.afterMs, second, 7 * day],
    ['/deadline', plan.deadlineMs, second, 30 * day],
  ];
  return bounds
    .filter(([, value, least, most]) => value < least || value > most)
    .map(([pointer, value, least, most]) =>
      problem(
        pointer,
        `is ${formatDuration(value)}; write a time from ${formatDuration(least)} to ${formatDuration(most)}`,
      ),
    );
}

function checkProblems(
  { waves, checks, deadlineMs }: ConfigPlan,
  places: readonly string[],
): ConfigProblem[] {
  const bakes = waves.reduce((sum, { bakeMs }) => sum + bakeMs, 0);
  const { probe } = checks;
  return [
    ...problemIf(
      deadlineMs < bakes,
      '/deadline',
      `is ${formatDuration(deadlineMs)}, less than the bakes of all waves (${formatDuration(bakes)}); raise it`,
    ),
    ...checks.limits.flatMap(({ metric, max }) =>
      problemIf(
        (metric === 'errorRate' || metric === 'refusedRate') && (max ?? 0) > 100,
        `/checks/${metric}/max`,
        `is ${max}; write a percentage up to 100`,
      ),
    ),
    ...waves.flatMap(({ bakeMs }, index) =>
      problemIf(
        bakeMs === 0 && checks.minRequests > 0,
        `${places[index]}/bake`,
        `is 0, so the ${checks.minRequests} requests of checks.minRequests could never come; give it a bake such as 2m`,
      ),
    ),
    ...problemIf(
      probe !== null && probe.host !== null && !/^[A-Za-z0-9._:[\]-]+$/.test(probe.host),
      '/checks/probe/host',
      'is no host; write a name or an address, with a port if need be',
    ),
  ];
}

function partitionProblems(partition: ConfigPlanInput['partition']): ConfigProblem[] {
  if (partition === undefined) return [];
  const { policy, budgetPercent } = partition;
  return [
    ...problemIf(
      policy === 'proceed' && (budgetPercent ?? 0) === 0,
      '/partition/budgetPercent',
      'is missing or 0, so proceed would never go on; say how many percent may be silent',
    ),
    ...problemIf(
      policy !== 'proceed' && budgetPercent !== undefined,
      '/partition/budgetPercent',
      `is not looked at by ${policy}; leave it out, or write the policy proceed`,
    ),
  ];
}
