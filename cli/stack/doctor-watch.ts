import { setTimeout as delay } from 'node:timers/promises';
import { announce } from '../../infra/doctor/announce.ts';
import { look } from '../../infra/doctor/outside-check.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { millisecondsOf } from '../flags.ts';

export interface WatchFlags {
  readonly once?: boolean;
  readonly interval: string;
  readonly stale: string;
  readonly webhook?: string;
}

/** Looks from outside until there is trouble: a unit that starts it again then goes on watching. */
export async function watch(cli: Cli, flags: WatchFlags): Promise<number> {
  const intervalMs = millisecondsOf('--interval', flags.interval);
  const staleMs = millisecondsOf('--stale', flags.stale);
  if (intervalMs === 0) throw new CliError(exitCodes.usage, '--interval must be longer than 0');
  const webhook = flags.webhook ?? cli.config.watchdog.webhook;
  for (;;) {
    const verdict = await look(cli.config, { staleMs });
    await announce(verdict, { home: cli.config.home, webhook, note: (line) => cli.out.note(line) });
    const ended = flags.once === true || !verdict.ok;
    if (ended) {
      cli.out.data(verdict, () => (verdict.ok ? 'all is well' : verdict.problems.join('\n')));
      return verdict.ok ? exitCodes.ok : exitCodes.failed;
    }
    cli.out.progress('all is well');
    await delay(intervalMs);
  }
}
