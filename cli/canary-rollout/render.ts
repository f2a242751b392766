import type { CanaryRollout } from '../../contracts/canary-rollout.ts';
import { fields, table } from '../table.ts';

/** One rollout for people: where it is, what it saw, what it waits for, what to type next. */
export function rolloutText(rollout: CanaryRollout): string {
  const { state } = rollout;
  return [
    fields([
      ['rollout', rollout.id],
      [
        'service',
        `${rollout.service}: ${rollout.stableVersion ?? 'nothing'} ${rollout.kind === 'rollback' ? '<-' : '->'} ${rollout.version}`,
      ],
      ...configOf(rollout),
      ['status', statusOf(rollout)],
      ...(rollout.kind === 'rollback' ? [] : progressOf(rollout)),
      ...(state.waitingFor === null ? [] : [['waits for', state.waitingFor] as const]),
      ...(state.hold === null
        ? []
        : [['hold', `${state.hold.by}: ${state.hold.reason}${until(state.hold.until)}`] as const]),
      ...state.muted.map(
        (mute) => ['muted', `${mute.metric} by ${mute.by}: ${mute.reason}${until(mute.until)}`] as const,
      ),
      ...(state.reason === null ? [] : [['reason', state.reason] as const]),
      ['started', `${rollout.createdAt} by ${rollout.startedBy}`],
      ...(rollout.finishedAt === null ? [] : [['finished', rollout.finishedAt] as const]),
    ]),
    ...checkText(rollout),
    ...nextText(rollout),
  ].join('\n');
}

/** The other half of the pair, where there is one. */
function configOf({ config, kind, state }: CanaryRollout): (readonly [string, string])[] {
  if (config === undefined) return [];
  const before = config.base?.slice(0, 12) ?? 'file of the operator';
  const arrow = kind === 'rollback' ? '<-' : '->';
  const proven = state.configHash === undefined ? '' : ` (proven: hash ${state.configHash.slice(0, 12)})`;
  return [['config', `${config.environment}: ${before} ${arrow} ${config.revision.slice(0, 12)}${proven}`]];
}

function progressOf(rollout: CanaryRollout): (readonly [string, string])[] {
  const { weight, compared } = rollout.state;
  return [
    ['step', stepOf(rollout)],
    ['weight', `${weight} %`],
    ['compared', compared ? 'with stable' : 'with nothing: this is the first release'],
  ];
}

function statusOf({ status, state, live }: CanaryRollout): string {
  if (status === 'closed') return `closed: ${state.outcome ?? 'unknown'}`;
  return `${status}: ${state.phase}${live || status === 'starting' ? '' : ' (as last recorded; no worker answers)'}`;
}

function stepOf({ state, plan }: CanaryRollout): string {
  const weights = plan.steps.map((step, index) => {
    const text = `${step.weight} %${step.gate === null ? '' : ' gate'}`;
    return index === state.step ? `[${text}]` : text;
  });
  return `${Math.max(0, state.step + 1)} of ${plan.steps.length}: ${weights.join(', ')}`;
}

function checkText({ state }: CanaryRollout): string[] {
  const check = state.lastCheck;
  if (check === null) return [];
  const rows = check.metrics.map((metric) => [
    metric.metric,
    metric.result,
    numberText(metric.canary),
    numberText(metric.stable),
    numberText(metric.limit),
    metric.explanation,
  ]);
  return [
    '',
    `last check ${check.at}: ${check.verdict} (${check.canaryRequests} canary, ${check.stableRequests} stable requests) ${check.explanation}`,
    table([['METRIC', 'RESULT', 'CANARY', 'STABLE', 'LIMIT', ''], ...rows]),
  ];
}

function nextText({ service, status, state }: CanaryRollout): string[] {
  if (status === 'closed') return [];
  if (state.gate !== null)
    return ['', `next: holdfast canary approve ${service}   or: holdfast canary reject ${service}`];
  if (state.phase === 'paused') return ['', `next: holdfast canary resume ${service}`];
  if (state.hold !== null)
    return ['', `next: holdfast canary release ${service}   or: holdfast canary abort ${service}`];
  return [];
}

function until(instant: string | null): string {
  return instant === null ? '' : `, until ${instant}`;
}

function numberText(value: number | null): string {
  return value === null ? '-' : String(Math.round(value * 1000) / 1000);
}
