import type { CanaryPlan } from '../../contracts/canary-plan.ts';
import type { CanaryCommandKind, CanaryPhase, CanaryRolloutState } from '../../contracts/canary-rollout.ts';

export interface Command {
  readonly kind: CanaryCommandKind;
  /** The revision and step that the person looked at. */
  readonly revision: number;
  readonly step: number;
  readonly by: string;
  readonly reason: string | null;
  readonly metric: string | null;
  readonly expiresAt: string | null;
}

export interface CommandDecision {
  readonly accepted: boolean;
  /** What it does, or why it is refused and what to do instead. */
  readonly answer: string;
}

/** Phases in which a step is being judged, so that people may hurry it or keep it where it is. */
const judged: readonly CanaryPhase[] = ['soaking', 'holding', 'paused'];

/** Whether a rollout takes a command as it stands now. Two people who press at once saw the same revision: the second is stale. */
export function decideCommand(
  state: CanaryRolloutState,
  plan: CanaryPlan,
  command: Command,
): CommandDecision {
  if (state.phase === 'done') return no(`the rollout is over: ${state.outcome ?? 'done'}`);
  if (state.phase === 'rolling-back')
    return no('it is rolling back already; nothing else can be done until it is safe');
  if (state.phase === 'promoting') {
    return no('the promotion is under way; use canary rollback once it is done');
  }
  if (command.step !== state.step || command.revision !== state.revision) {
    return no(
      `it was decided on revision ${command.revision}, step ${command.step + 1}; the rollout is at revision ${state.revision}, ` +
        `step ${state.step + 1} (${state.phase}): look again and repeat the command`,
    );
  }
  return decideKind(state, plan, command);
}

function decideKind(state: CanaryRolloutState, plan: CanaryPlan, command: Command): CommandDecision {
  const gated = state.phase === 'waiting-for-approval';
  switch (command.kind) {
    case 'abort':
      return yes('aborts the rollout');
    case 'promote':
      if (gated) return no('it waits for an approval: use canary approve or canary reject');
      if (!judged.includes(state.phase))
        return no(`nothing to skip while ${state.phase}; wait for the soak of the step`);
      return yes(`ends the soak of step ${state.step + 1} and moves on`);
    case 'promote-full':
      if (gated) return no('it waits for an approval: use canary approve or canary reject');
      if (!judged.includes(state.phase))
        return no(`not while ${state.phase}: the health check is never skipped`);
      return yes('skips the remaining analysis');
    case 'pause':
      if (state.phase === 'paused') return no('it is paused already; use canary resume');
      if (gated) return no('it waits for an approval and moves no further without one');
      return yes(`keeps the canary at ${state.weight} %; judging goes on`);
    case 'resume':
      return state.phase === 'paused' && state.hold === null
        ? yes('goes on with the soak')
        : no(notPaused(state));
    case 'mute':
      return decideMute(plan, command);
    case 'hold':
      if (command.reason === null) return no('a hold needs a reason: --reason');
      return yes(`holds at ${state.weight} %: ${command.reason}`);
    case 'release-hold':
      return state.hold === null ? no('no hold is in force') : yes('releases the hold');
  }
}

function decideMute(plan: CanaryPlan, command: Command): CommandDecision {
  if (command.metric === null || !plan.thresholds.some((threshold) => threshold.metric === command.metric)) {
    return no(`name one of the metrics ${plan.thresholds.map((threshold) => threshold.metric).join(', ')}`);
  }
  if (command.reason === null) return no('muting needs a reason: --reason');
  if (command.expiresAt === null) return no('muting needs an end: --for 10m');
  return yes(`mutes ${command.metric} until ${command.expiresAt}: ${command.reason}`);
}

function notPaused(state: CanaryRolloutState): string {
  return state.hold === null ? 'it is not paused' : 'a hold is in force; use canary release';
}

function yes(answer: string): CommandDecision {
  return { accepted: true, answer };
}

function no(answer: string): CommandDecision {
  return { accepted: false, answer };
}
