import type { ConfigPlan, ConfigWaveRule } from '../../contracts/config-plan.ts';

/** A plan for people: each wave with whom it takes and what it asks, then what every wave has to pass. */
export function planLines(plan: ConfigPlan, waves: readonly (readonly string[])[]): string[] {
  return [
    ...plan.waves.map((wave, index) => {
      const proxies = waves[index] ?? [];
      return `wave ${index + 1} of ${plan.waves.length}: ${ruleText(wave.rule)}, ${countOf(proxies)}${demands(wave)}${namesOf(proxies)}`;
    }),
    `each wave: live within ${spanText(plan.applyMs)}${checksText(plan.checks)}`,
    `silent for ${spanText(plan.partition.afterMs)}: ${partitionText(plan.partition)}`,
    `all of it within ${spanText(plan.deadlineMs)}`,
  ];
}

export function ruleText(rule: ConfigWaveRule): string {
  switch (rule.by) {
    case 'percent':
      return `${rule.percent} %`;
    case 'region':
      return `in ${rule.regions.join(', ')}`;
    case 'labels':
      return Object.entries(rule.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(' ');
    case 'rest':
      return 'everybody else';
  }
}

/** A time span in its largest unit that says it exactly. */
export function spanText(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const;
  for (const [unit, size] of units) if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  return `${ms}ms`;
}

function countOf(proxies: readonly string[]): string {
  return proxies.length === 1 ? '1 proxy' : `${proxies.length} proxies`;
}

const mostNames = 10;

function namesOf(proxies: readonly string[]): string {
  if (proxies.length === 0) return '';
  const more = proxies.length - mostNames;
  return `\n  ${proxies.slice(0, mostNames).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function demands({ approval, bakeMs }: ConfigPlan['waves'][number]): string {
  const asks = approval === null ? '' : `, after ${approvalText(approval)}`;
  return `${asks}${bakeMs === 0 ? '' : `, bakes ${spanText(bakeMs)}`}`;
}

function approvalText({
  approvals,
  groups,
  timeoutMs,
  onTimeout,
}: NonNullable<ConfigPlan['waves'][number]['approval']>): string {
  const who = groups.map(({ group, approvals: count }) => `${count} of ${group}`);
  const count = approvals === 1 ? '1 approval' : `${approvals} approvals`;
  const late = onTimeout === 'abort' ? 'aborts' : 'holds';
  return `${[count, ...who].join(', ')} (${late} after ${spanText(timeoutMs)})`;
}

function checksText({ intervalMs, failureLimit, minRequests, limits, probe }: ConfigPlan['checks']): string {
  const asked = [
    ...limits.map(limitText),
    ...(probe === null
      ? []
      : [`:${probe.port}${probe.path} of ${probe.host ?? 'each proxy'} answers ${probe.status}`]),
  ];
  const least = minRequests === 0 ? '' : `, of at least ${minRequests} requests`;
  const passes = failureLimit === 0 ? '' : `, ${failureLimit} failed in a row let pass`;
  return asked.length === 0
    ? ''
    : `; checked every ${spanText(intervalMs)}: ${asked.join(', ')}${least}${passes}`;
}

function limitText({ metric, max, maxIncrease }: ConfigPlan['checks']['limits'][number]): string {
  const share = { errorRate: 'errors', refusedRate: 'refused requests', p95: null, p99: null }[metric];
  const [name, unit] = share === null ? [metric, ' ms'] : [share, ' %'];
  const parts = [
    ...(max === null ? [] : [`at most ${max}${unit}`]),
    ...(maxIncrease === null ? [] : [`at most ${maxIncrease}${unit} more than before`]),
  ];
  return `${name} ${parts.join(' and ')}`;
}

function partitionText({ policy, budgetPercent }: ConfigPlan['partition']): string {
  switch (policy) {
    case 'wait':
      return 'the wave waits for them';
    case 'proceed':
      return `goes on while they are at most ${budgetPercent} % of the fleet`;
    case 'abort':
      return 'the wave fails';
  }
}
