import type { CanaryRollout } from '../../contracts/canary-rollout.ts';
import type { Operation } from '../../contracts/operation.ts';
import type { Cli } from '../context.ts';
import { followEvents } from '../event-stream.ts';
import { exitCodeOfOutcome, type ExitCode } from '../exit.ts';
import { wantedOf } from '../outcomes.ts';
import { eventLine } from '../runs/show.ts';
import { within } from '../within.ts';
import { findTarget, type TargetFlags } from './target.ts';

/** Prints each event of the timeline until the rollout ends; the exit code tells how it ended. */
export async function watchCanary(
  cli: Cli,
  [service]: readonly string[],
  flags: TargetFlags & { timeout?: string },
): Promise<ExitCode> {
  const rollout = await findTarget(cli, service, flags);
  cli.reattachBy(`holdfast canary watch --id ${rollout.id}`);
  const work = followEvents(cli, rollout.id, (event) => cli.out.data(event, () => eventLine(event)));
  const closed = await within(cli, flags.timeout, work);
  cli.out.note(`${closed.outcome ?? 'closed'}: ${closed.summary}`);
  return exitCodeOfOutcome(closed.outcome, wantedOf(rollout.kind));
}

/** Waits for the end of a rollout, telling its events on stderr, then prints it. */
export async function waitForEnd(
  cli: Cli,
  rollout: CanaryRollout,
  timeout: string | undefined,
): Promise<CanaryRollout> {
  cli.reattachBy(`holdfast canary watch --id ${rollout.id}`);
  const work: Promise<Operation> = followEvents(cli, rollout.id, (event) => {
    cli.out.progress(eventLine(event));
    if (event.type === 'gate.opened') {
      cli.out.note(`it waits: holdfast canary approve ${rollout.service}, or reject`);
    }
  });
  await within(cli, timeout, work);
  return cli.api.get<CanaryRollout>(cli.path(`canary-rollouts/${rollout.id}`));
}
