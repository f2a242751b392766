import type { Cli } from '../context.ts';
import { followEvents } from '../event-stream.ts';
import { exitCodeOfOutcome, type ExitCode } from '../exit.ts';
import { wantedOutcomes } from '../outcomes.ts';
import { within } from '../within.ts';
import { eventLine } from './show.ts';

export async function watchRun(
  cli: Cli,
  [id = '']: readonly string[],
  flags: { timeout?: string },
): Promise<ExitCode> {
  cli.reattachBy(`holdfast runs watch ${id}`);
  const closed = await within(
    cli,
    flags.timeout,
    followEvents(cli, id, (event) => cli.out.data(event, () => eventLine(event))),
  );
  cli.out.note(`${closed.outcome ?? 'closed'}: ${closed.summary}`);
  return exitCodeOfOutcome(closed.outcome, await wantedOutcomes(cli, closed));
}
