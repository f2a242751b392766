import type { ConfigPlan, ConfigWaveRule } from '../../contracts/config-plan.ts';
import type { ConfigRolloutState } from '../../contracts/config-rollout.ts';

export interface RolloutNames {
  readonly operationId: string;
  readonly project: string;
  readonly environment: string;
  readonly revision: string;
  readonly base: string | null;
  readonly mode: 'rollout' | 'rollback';
  /** The step that keeps failing, or null. */
  readonly stuck?: string | null;
}

/** One line: where the rollout is, or how it ended. */
export function configSummary(state: ConfigRolloutState, plan: ConfigPlan, names: RolloutNames): string {
  const what = names.mode === 'rollback' ? 'back to ' : '';
  const name = `${names.environment} ${what}${shortRevision(names.revision)}`;
  if (state.outcome !== null) return `${name} ${state.outcome}: ${state.reason ?? ''}`;
  const wave = state.wave < 0 ? '' : `, wave ${state.wave + 1} of ${plan.waves.length}`;
  return `${name} is ${state.phase}${wave}`;
}

/** Markdown for the Temporal UI: phase, what blocks, what was seen last, and the command to continue. */
export function configDetails(state: ConfigRolloutState, plan: ConfigPlan, names: RolloutNames): string {
  const { counts, lastCheck, gate } = state;
  const wave = plan.waves[state.wave];
  const lines = [
    `**${configSummary(state, plan, names)}**`,
    `Before: ${names.base === null ? 'the file of each operator' : `\`${shortRevision(names.base)}\``}`,
    wave === undefined ? null : `This wave: ${ruleText(wave.rule)}`,
    counts === null
      ? null
      : `Proxies: ${counts.proxies}, proven ${counts.proven}, pending ${counts.pending}, failed ${counts.failed}, silent ${counts.silent}`,
    state.waitingFor === null ? null : `Waiting for: ${state.waitingFor}`,
    gate === null
      ? null
      : `Approvals missing: ${gate.missing}, until ${gate.deadline}, then ${gate.onTimeout}. Subject: \`${gate.subject}\``,
    names.stuck ? `**Stuck**: ${names.stuck}` : null,
    lastCheck === null
      ? null
      : `Last check (${lastCheck.at}): ${lastCheck.verdict}, ${lastCheck.explanation}`,
    `Next: ${nextAction(state, names)}`,
  ];
  return lines.filter((line) => line !== null).join('\n\n');
}

export function shortRevision(revision: string): string {
  return revision.slice(0, 12);
}

export function ruleText(rule: ConfigWaveRule): string {
  switch (rule.by) {
    case 'percent':
      return `${rule.percent} % of the fleet`;
    case 'region':
      return `regions ${rule.regions.join(', ')}`;
    case 'labels':
      return `labels ${Object.entries(rule.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(', ')}`;
    case 'rest':
      return 'the rest';
  }
}

function nextAction(state: ConfigRolloutState, { environment, project }: RolloutNames): string {
  const command = (verb: string): string =>
    `\`holdfast config ${verb} --env ${environment} --project ${project}\``;
  switch (state.phase) {
    case 'waiting-for-approval':
      return `${command('approve')} or ${command('reject')}`;
    case 'paused':
      return command('resume');
    case 'baking':
      return `none needed; ${command('skip-bake')} ends the bake, ${command('abort')} the rollout`;
    case 'starting':
    case 'validating':
    case 'waiting-for-window':
    case 'applying':
      return `none needed; ${command('abort')} ends it`;
    case 'settling':
    case 'rolling-back':
      return 'none needed';
    case 'done':
      return state.outcome === 'completed' ? `${command('rollback')} undoes it` : 'none';
  }
}
