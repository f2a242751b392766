import { expect, test } from 'vitest';
import type { CanaryCommandKind, CanaryPhase } from '../../../contracts/canary-rollout.ts';
import { decideCommand, type Command } from '../../../domain/canary-rollout/commands.ts';
import { planOf, stateOf } from './builders.ts';

type Row = readonly [free: boolean, underHold: boolean];

const yes: Row = [true, true];
const never: Row = [false, false];
const unlessHeld: Row = [true, false];
const onlyHeld: Row = [false, true];

/** Every phase and every command: accepted without a hold in force, and with one. */
const matrix: Record<CanaryPhase, Record<CanaryCommandKind, Row>> = {
  starting: moving(),
  'health-check': moving(),
  configuring: moving(),
  shifting: moving(),
  soaking: { ...moving(), promote: unlessHeld, 'promote-full': unlessHeld },
  holding: { ...moving(), promote: unlessHeld, 'promote-full': unlessHeld },
  paused: { ...moving(), promote: unlessHeld, 'promote-full': unlessHeld, pause: never, resume: unlessHeld },
  'waiting-for-approval': { ...moving(), pause: never, hold: never },
  promoting: over(),
  'rolling-back': over(),
  done: over(),
};

const cases = Object.entries(matrix).flatMap(([phase, row]) =>
  Object.entries(row).flatMap(([kind, accepted]) =>
    accepted.map((is, held) => ({ phase, kind, held: held === 1, is })),
  ),
) as { phase: CanaryPhase; kind: CanaryCommandKind; held: boolean; is: boolean }[];

test.each(cases)('$phase, held $held: $kind is accepted $is', ({ phase, kind, held, is }) => {
  const state = stateOf({ phase, hold: held ? { reason: 'freeze', by: 'ann', until: null } : null });

  expect(decideCommand(state, planOf(), commandOf(kind)).accepted).toBe(is);
});

test.each(cases.filter(({ is }) => is))(
  '$phase, held $held: $kind from an older look is refused',
  ({ phase, kind, held }) => {
    const state = stateOf({ phase, hold: held ? { reason: 'freeze', by: 'ann', until: null } : null });
    const older = commandOf(kind, { revision: state.revision - 1 });
    const otherStep = commandOf(kind, { step: state.step - 1 });

    expect(decideCommand(state, planOf(), older).accepted).toBe(false);
    expect(decideCommand(state, planOf(), otherStep).accepted).toBe(false);
  },
);

test('of two who promote at once, exactly one is accepted', () => {
  const command = commandOf('promote');
  let state = stateOf();
  const answers = ['ann', 'bob'].map((by) => {
    const { accepted } = decideCommand(state, planOf(), { ...command, by });
    if (accepted) state = stateOf({ phase: 'shifting', step: state.step + 1, revision: state.revision + 1 });
    return accepted;
  });

  expect(answers).toEqual([true, false]);
});

/** While a step is on its way: it can be kept where it is, muted and aborted, but not hurried. */
function moving(): Record<CanaryCommandKind, Row> {
  return {
    pause: unlessHeld,
    resume: never,
    promote: never,
    'promote-full': never,
    abort: yes,
    mute: yes,
    hold: yes,
    'release-hold': onlyHeld,
  };
}

function over(): Record<CanaryCommandKind, Row> {
  return {
    pause: never,
    resume: never,
    promote: never,
    'promote-full': never,
    abort: never,
    mute: never,
    hold: never,
    'release-hold': never,
  };
}

function commandOf(kind: CanaryCommandKind, change: Partial<Command> = {}): Command {
  const { revision, step } = stateOf();
  const given = { by: 'bob', reason: 'because', metric: 'p95', expiresAt: '2026-01-01T12:00:00.000Z' };
  return { kind, revision, step, ...given, ...change };
}
