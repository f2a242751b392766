import type { CanaryPlan } from '../../contracts/canary-plan.ts';
import type { CanaryConfig, CanaryRolloutState } from '../../contracts/canary-rollout.ts';

export interface RolloutNames {
  readonly operationId: string;
  readonly project: string;
  readonly service: string;
  readonly version: string;
  readonly stableVersion: string | null;
  /** The step that keeps failing, or null. */
  readonly stuck?: string | null;
  /** Left out: the version comes alone. */
  readonly config?: CanaryConfig;
}

/** One line: where the rollout is, or how it ended. */
export function rolloutSummary(state: CanaryRolloutState, plan: CanaryPlan, names: RolloutNames): string {
  const name = `${names.service} ${names.version}`;
  if (state.outcome !== null) return `${name} ${state.outcome}: ${state.reason ?? ''}`;
  const step = state.step < 0 ? '' : `, step ${state.step + 1} of ${plan.steps.length} at ${state.weight} %`;
  return `${name} is ${state.phase}${step}`;
}

/** Markdown for the Temporal UI: phase, what blocks, what was seen last, and the command to continue. */
export function rolloutDetails(state: CanaryRolloutState, plan: CanaryPlan, names: RolloutNames): string {
  const lines = [
    `**${rolloutSummary(state, plan, names)}**`,
    names.stableVersion === null
      ? 'First release: nothing to compare with.'
      : `Stable: \`${names.stableVersion}\``,
    names.config === undefined ? null : configText(names.config, state),
    state.waitingFor === null ? null : `Waiting for: ${state.waitingFor}`,
    state.gate === null
      ? null
      : `Deadline of the gate: ${state.gate.deadline}, then ${state.gate.onTimeout}. Subject: \`${state.gate.subject}\``,
    state.gate?.missing === undefined ? null : missingText(state.gate),
    state.glassBrokenBy === undefined
      ? null
      : `**GLASS BROKEN** by ${state.glassBrokenBy}: a gate was passed without its approvals`,
    state.hold === null
      ? null
      : `Held by ${state.hold.by}: ${state.hold.reason}${state.hold.until === null ? '' : ` (until ${state.hold.until})`}`,
    ...state.muted.map((mute) => `Muted: ${mute.metric} by ${mute.by} until ${mute.until}: ${mute.reason}`),
    names.stuck ? `**Stuck**: ${names.stuck}` : null,
    state.lastCheck === null
      ? null
      : `Last check (${state.lastCheck.at}): ${state.lastCheck.verdict}, ${state.lastCheck.explanation}`,
    `Next: ${nextAction(state, names)}`,
  ];
  return lines.filter((line) => line !== null).join('\n\n');
}

function configText(
  { environment, revision, base }: CanaryConfig,
  { configHash }: CanaryRolloutState,
): string {
  const before = base === null ? 'the file of the operator' : `\`${base.slice(0, 12)}\``;
  const proven =
    configHash === undefined ? 'none is proven yet' : `proven: hash \`${configHash.slice(0, 12)}\``;
  return `Configuration of ${environment}: ${before} -> \`${revision.slice(0, 12)}\`; ${proven}`;
}

type Gate = NonNullable<CanaryRolloutState['gate']>;

function missingText({ missing = 0, waitsFor = [], standIns = [] }: Gate): string {
  const who = waitsFor.length === 0 ? '' : ` of ${waitsFor.join(', ')}`;
  const also = standIns.length === 0 ? '' : `; escalated: ${standIns.join(', ')} may approve as well`;
  return `Approvals missing: ${missing}${who}${also}`;
}

function nextAction(state: CanaryRolloutState, { service, project }: RolloutNames): string {
  const command = (verb: string): string => `\`holdfast canary ${verb} ${service} --project ${project}\``;
  switch (state.phase) {
    case 'waiting-for-approval':
      return `${command('approve')} or ${command('reject')}`;
    case 'paused':
      return state.hold === null ? command('resume') : command('release');
    case 'holding':
      return `it goes on when the checks pass; ${command('promote')} goes on without, ${command('abort')} ends it`;
    case 'starting':
    case 'health-check':
    case 'configuring':
    case 'shifting':
    case 'soaking':
      return `none needed; ${command('abort')} ends it`;
    case 'promoting':
    case 'rolling-back':
      return 'none needed';
    case 'done':
      return state.outcome === 'promoted'
        ? `${command('rollback')} while the version before is warm`
        : 'none';
  }
}
