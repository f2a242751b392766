import type {
  ConfigCommandKind,
  ConfigRolloutPhase,
  ConfigRolloutState,
} from '../../contracts/config-rollout.ts';

export interface Command {
  readonly kind: ConfigCommandKind;
  /** The revision of the state that the person looked at. */
  readonly revision: number;
  readonly reason: string | null;
}

export interface CommandDecision {
  readonly accepted: boolean;
  /** What it does, or why it is refused and what to do instead. */
  readonly answer: string;
}

/** Whether a rollout takes a command as it stands now. Two people who press at once saw the same revision: the second is stale. */
export function decideCommand(state: ConfigRolloutState, command: Command): CommandDecision {
  const over = whyOver(state.phase, state);
  if (over !== null) return no(over);
  if (command.revision !== state.revision) {
    return no(
      `it was decided on revision ${command.revision}; the rollout is at revision ${state.revision} (${state.phase}): ` +
        'look again and repeat the command',
    );
  }
  return decideKind(state, command);
}

function whyOver(phase: ConfigRolloutPhase, { outcome }: ConfigRolloutState): string | null {
  switch (phase) {
    case 'done':
      return `the rollout is over: ${outcome ?? 'done'}`;
    case 'rolling-back':
      return 'it is rolling back already; nothing else can be done until every proxy is back';
    case 'settling':
      return 'every proxy has it already; holdfast config rollback undoes it';
    default:
      return null;
  }
}

function decideKind({ phase, isPaused }: ConfigRolloutState, { kind, reason }: Command): CommandDecision {
  switch (kind) {
    case 'abort':
      return reason === null
        ? no('aborting needs a reason: --reason')
        : yes('aborts the rollout: every wave goes back, the newest first');
    case 'skip-bake':
      return phase === 'baking'
        ? yes('ends the bake of this wave; the next one begins')
        : no(`it is ${phase} and does not bake`);
    case 'pause':
      return isPaused
        ? no('it is paused already; holdfast config resume goes on')
        : yes('no further wave begins, and a bake does not end; checks go on');
    case 'resume':
      return isPaused ? yes('goes on') : no(`it is ${phase}, not paused`);
  }
  // A row written by another version may carry a kind that this one does not know.
  return no(`${String(kind)} is not known to this version`);
}

function yes(answer: string): CommandDecision {
  return { accepted: true, answer };
}

function no(answer: string): CommandDecision {
  return { accepted: false, answer };
}
