import type { ConfigRollout } from '../../contracts/config-rollout.ts';
import type { Cli } from '../context.ts';
import { followEvents } from '../event-stream.ts';
import { exitCodeOfOutcome, exitCodes, type ExitCode } from '../exit.ts';
import { configWanted } from '../outcomes.ts';
import { eventLine } from '../runs/show.ts';
import { within } from '../within.ts';
import type { EnvironmentFlags } from './environment.ts';
import { rolloutText } from './rollout-text.ts';
import { findTarget, showTarget } from './target.ts';

export interface WaitFlags {
  readonly wait?: boolean;
  readonly timeout?: string;
}

/** Prints each event of the timeline until the rollout ends; the exit code tells how it ended. */
export async function watchRollout(
  cli: Cli,
  [id]: readonly string[],
  flags: EnvironmentFlags & { timeout?: string },
): Promise<ExitCode> {
  if (id !== undefined) cli.reattachBy(`holdfast config watch ${id}`);
  const rollout = await findTarget(cli, id, flags);
  cli.reattachBy(`holdfast config watch ${rollout.id}`);
  const work = followEvents(cli, rollout.id, (event) => cli.out.data(event, () => eventLine(event)));
  const closed = await within(cli, flags.timeout, work);
  cli.out.note(`${closed.outcome ?? 'closed'}: ${closed.summary}`);
  return exitCodeOfOutcome(closed.outcome, configWanted);
}

/** Prints what was started, or with --wait what became of it. */
export async function finish(cli: Cli, started: ConfigRollout, flags: WaitFlags): Promise<ExitCode> {
  const follow = `holdfast config watch ${started.id}`;
  if (flags.wait !== true) {
    cli.out.data(started, () => rolloutText(started));
    cli.out.note(`follow it: ${follow}`);
    return exitCodes.ok;
  }
  cli.reattachBy(follow);
  await within(cli, flags.timeout, followToEnd(cli, started));
  const ended = await showTarget(cli, started.id);
  cli.out.data(ended, () => rolloutText(ended));
  return exitCodeOfOutcome(ended.state.outcome, configWanted);
}

/** Tells the timeline on stderr. */
async function followToEnd(cli: Cli, { id }: ConfigRollout): Promise<void> {
  await followEvents(cli, id, (event) => {
    cli.out.progress(eventLine(event));
    if (event.type !== 'gate.opened') return;
    cli.out.note(`it waits: holdfast config approve ${id}, or reject`);
  });
}
