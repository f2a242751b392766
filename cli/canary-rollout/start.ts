import type { CanaryRollout, StartCanaryRollout } from '../../contracts/canary-rollout.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodeOfOutcome, exitCodes, type ExitCode } from '../exit.ts';
import { wantedOf } from '../outcomes.ts';
import { readPlanFile } from '../plan-file.ts';
import { locate } from '../service-file.ts';
import { startOf, type StartFlags } from '../start-flags.ts';
import { rolloutText } from './render.ts';
import { waitForEnd } from './watch.ts';

export interface WaitFlags {
  readonly wait?: boolean;
  readonly timeout?: string;
}

interface Flags extends StartFlags, WaitFlags {
  readonly plan?: string;
  readonly supersede?: boolean;
  readonly configEnv?: string;
  readonly configRevision?: string;
  readonly reason?: string;
}

export async function startCanary(
  cli: Cli,
  [service = '', version = '']: readonly string[],
  flags: Flags,
): Promise<ExitCode> {
  const file = flags.plan === undefined ? null : await readPlanFile(flags.plan);
  const start = startOf(flags);
  const config = configOf(flags);
  const body: StartCanaryRollout = {
    service,
    version,
    ...(start === null ? {} : { start }),
    ...(file === null ? {} : { plan: file.plan }),
    ...(config === null ? {} : { config }),
    ...(flags.supersede === true ? { supersede: true } : {}),
    ...(flags.reason === undefined ? {} : { reason: flags.reason }),
  };
  if (flags.supersede === true) cli.out.progress('waiting for a running rollout to roll back …');
  const started = await cli.api
    .post<CanaryRollout>(cli.path('canary-rollouts'), body)
    .catch((error: unknown) => {
      throw file === null ? error : locate(error, file.source, '/plan');
    });
  return finish(cli, started.body, flags);
}

function configOf({ configEnv, configRevision }: Flags): StartCanaryRollout['config'] | null {
  if (configEnv !== undefined)
    return { environment: configEnv, ...(configRevision === undefined ? {} : { revision: configRevision }) };
  if (configRevision === undefined) return null;
  throw new CliError(
    exitCodes.usage,
    '--config-revision needs --config-env: a revision is one of an environment',
  );
}

/** Prints what was started, or with --wait what became of it. */
export async function finish(cli: Cli, started: CanaryRollout, flags: WaitFlags): Promise<ExitCode> {
  if (flags.wait !== true) {
    cli.out.data(started, () => rolloutText(started));
    cli.out.note(`follow it: holdfast canary watch ${started.service}`);
    return exitCodes.ok;
  }
  const ended = await waitForEnd(cli, started, flags.timeout);
  cli.out.data(ended, () => rolloutText(ended));
  return exitCodeOfOutcome(ended.state.outcome, wantedOf(ended.kind));
}
