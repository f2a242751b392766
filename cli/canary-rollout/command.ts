import { setTimeout as sleep } from 'node:timers/promises';
import type { CanaryCommand, CanaryCommandInput, CanaryRollout } from '../../contracts/canary-rollout.ts';
import type { Action, Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { integerOf, millisecondsOf, required } from '../flags.ts';
import { within } from '../within.ts';
import { findOpenTarget, type TargetFlags } from './target.ts';

interface Flags extends TargetFlags {
  readonly reason?: string;
  readonly revision?: string;
  readonly full?: boolean;
  readonly for?: string;
  readonly wait: boolean;
  readonly timeout: string;
}

/** Gives a command on the state as it is now, or as --revision says it was, and waits for the rollout's answer. */
export function command(kind: string): Action<Flags> {
  return async (cli, args, flags) => {
    const isMute = kind === 'mute';
    // `mute SERVICE METRIC`, or `mute --id ID METRIC`.
    const service = isMute && flags.id !== undefined ? undefined : args[0];
    const metric = isMute ? required('METRIC', args.at(-1), 'errorRate, p95 or p99') : undefined;
    for (let tries = 1; ; tries += 1) {
      const rollout = await findOpenTarget(cli, service, flags);
      try {
        const settled = await give(cli, rollout, inputOf(kind, rollout, flags, metric), flags);
        return cli.out.data(settled, () => textOf(rollout, settled));
      } catch (error) {
        if (!mayRepeat(kind, flags) || tries === mostTries || !isConflict(error)) throw error;
        // The rollout moved between the look and the command: whoever wants it to stop wants that all the more.
        if (!(await hasMoved(cli, rollout))) throw error;
      }
    }
  };
}

const mostTries = 5;

/** Commands that move the rollout are never repeated by themselves: two people who promote at once mean one step. */
function mayRepeat(kind: string, flags: Flags): boolean {
  const steadying = ['pause', 'hold', 'release-hold', 'mute', 'abort'];
  return steadying.includes(kind) && flags.revision === undefined;
}

function isConflict(error: unknown): boolean {
  return error instanceof CliError && error.exitCode === exitCodes.conflict;
}

async function hasMoved(cli: Cli, before: CanaryRollout): Promise<boolean> {
  const now = await cli.api.get<CanaryRollout>(cli.path(`canary-rollouts/${before.id}`));
  return now.status !== 'closed' && now.state.revision !== before.state.revision;
}

async function give(
  cli: Cli,
  rollout: CanaryRollout,
  input: CanaryCommandInput,
  flags: Flags,
): Promise<CanaryCommand> {
  const path = cli.path(`canary-rollouts/${rollout.id}/commands`);
  const preference: Record<string, string> = flags.wait ? {} : { prefer: 'respond-async' };
  const { body } = await cli.api.post<CanaryCommand>(path, input, preference);
  const settled = flags.wait ? await within(cli, flags.timeout, settle(cli, body)) : body;
  if (settled.state !== 'refused') return settled;
  throw new CliError(exitCodes.conflict, `${settled.kind} was refused: ${settled.answer ?? ''}`);
}

function inputOf(
  kind: string,
  rollout: CanaryRollout,
  flags: Flags,
  metric: string | undefined,
): CanaryCommandInput {
  const { revision, step } = rollout.state;
  if (flags.for !== undefined) millisecondsOf('--for', flags.for);
  const reasonNeeded = kind === 'mute' || kind === 'hold' || kind === 'abort';
  const reason = reasonNeeded
    ? required('--reason', flags.reason, 'say why; it is kept in the audit')
    : flags.reason;
  return {
    kind: (kind === 'promote' && flags.full === true ? 'promote-full' : kind) as CanaryCommandInput['kind'],
    revision: flags.revision === undefined ? revision : integerOf('--revision', flags.revision),
    step,
    ...(reason === undefined ? {} : { reason }),
    ...(metric === undefined ? {} : { metric: metric as CanaryCommandInput['metric'] }),
    ...(flags.for === undefined ? {} : { expiresIn: flags.for }),
  };
}

/** The row is durable: the answer comes as soon as a worker is back. */
async function settle(cli: Cli, asked: CanaryCommand): Promise<CanaryCommand> {
  let command = asked;
  while (command.state === 'pending') {
    cli.out.progress('recorded; waiting for a worker to answer …');
    await sleep(500);
    command = await cli.api.get<CanaryCommand>(
      cli.path(`canary-rollouts/${asked.operationId}/commands/${asked.id}`),
    );
  }
  return command;
}

function textOf(rollout: CanaryRollout, command: CanaryCommand): string {
  const what = `${rollout.service} ${rollout.version}: ${command.kind}`;
  return command.state === 'pending' ? `${what} is recorded` : `${what}: ${command.answer ?? 'done'}`;
}
