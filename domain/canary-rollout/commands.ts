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
    return no('the promotion is under way; once it is done, holdfast canary rollback undoes it');
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
  switch (command.kind) {
    case 'abort':
      return yes('aborts the rollout: the canary comes off first');
    case 'promote':
      return hurry(state, `ends the soak of step ${state.step + 1} at ${state.weight} % and moves on`);
    case 'promote-full':
      return hurry(state, 'skips the remaining analysis and promotes; gates still ask');
    case 'pause':
      if (state.hold !== null) return no(`${heldBy(state.hold)}, so it stays where it is already`);
      if (state.phase === 'paused') return no('it is paused already; holdfast canary resume goes on');
      if (isAtGate(state)) return no(`${atGate}; it moves no further without one`);
      return yes(keeps(state));
    case 'resume':
      if (state.hold !== null) return no(`${heldBy(state.hold)}; holdfast canary release lifts it`);
      return state.phase === 'paused' ? yes('goes on with the soak') : no(`it is ${state.phase}, not paused`);
    case 'mute':
      return decideMute(plan, command);
    case 'hold':
      if (command.reason === null) return no('a hold needs a reason: --reason');
      if (isAtGate(state)) return no(`${atGate}; it moves no further without one`);
      return yes(`${keeps(state)}: ${command.reason}`);
    case 'release-hold':
      return state.hold === null
        ? no('no hold is in force; holdfast canary resume ends a pause')
        : yes('releases the hold');
  }
  // A row written by another version may carry a kind that this one does not know.
  return no(`${String(command.kind)} is not known to this version`);
}

/** A wish to skip analysis is granted only where there is some to skip, and never past a gate or somebody's hold. */
function hurry(state: CanaryRolloutState, effect: string): CommandDecision {
  if (isAtGate(state)) return no(atGate);
  if (state.hold !== null) return no(`${heldBy(state.hold)}; holdfast canary release lifts it`);
  if (judged.includes(state.phase)) return yes(effect);
  return no(
    `it is ${state.phase}: neither health check nor traffic proof is skipped; repeat it once the step soaks`,
  );
}

const atGate = 'it waits for an approval: holdfast canary approve or holdfast canary reject';

function isAtGate(state: CanaryRolloutState): boolean {
  return state.phase === 'waiting-for-approval';
}

function heldBy(hold: NonNullable<CanaryRolloutState['hold']>): string {
  return `a hold by ${hold.by} is in force (${hold.reason})`;
}

function keeps(state: CanaryRolloutState): string {
  return judged.includes(state.phase)
    ? `keeps the canary at ${state.weight} %; judging goes on`
    : 'keeps the canary where it is once the step under way is reached; judging goes on';
}

function decideMute(plan: CanaryPlan, command: Command): CommandDecision {
  if (command.metric === null || !plan.thresholds.some((threshold) => threshold.metric === command.metric)) {
    return no(`name one of the metrics ${plan.thresholds.map((threshold) => threshold.metric).join(', ')}`);
  }
  if (command.reason === null) return no('muting needs a reason: --reason');
  if (command.expiresAt === null) return no('muting needs an end: --for 10m');
  return yes(`mutes ${command.metric} until ${command.expiresAt}: ${command.reason}`);
}

function yes(answer: string): CommandDecision {
  return { accepted: true, answer };
}

function no(answer: string): CommandDecision {
  return { accepted: false, answer };
}
