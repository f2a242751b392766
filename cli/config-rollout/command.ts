import { setTimeout as sleep } from 'node:timers/promises';
import type {
  ConfigCommand,
  ConfigCommandInput,
  ConfigCommandKind,
  ConfigRollout,
} from '../../contracts/config-rollout.ts';
import type { Action, Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { integerOf, required } from '../flags.ts';
import { within } from '../within.ts';
import type { EnvironmentFlags } from './environment.ts';
import { findOpenTarget, showTarget } from './target.ts';

interface Flags extends EnvironmentFlags {
  readonly reason?: string;
  readonly state?: string;
  readonly wait: boolean;
  readonly timeout: string;
}

/** Gives a command on the state as it is now, or as --state says it was, and waits for the rollout's answer. */
export function command(kind: ConfigCommandKind): Action<Flags> {
  return async (cli, [id], flags) => {
    for (let tries = 1; ; tries += 1) {
      const rollout = await findOpenTarget(cli, id, flags);
      try {
        const settled = await give(cli, rollout, inputOf(kind, rollout, flags), flags);
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

/** Commands that move the rollout on are never repeated by themselves: the bake that was looked at is meant, and no later one. */
function mayRepeat(kind: ConfigCommandKind, flags: Flags): boolean {
  return (kind === 'pause' || kind === 'abort') && flags.state === undefined;
}

function isConflict(error: unknown): boolean {
  return error instanceof CliError && error.exitCode === exitCodes.conflict;
}

async function hasMoved(cli: Cli, before: ConfigRollout): Promise<boolean> {
  const now = await showTarget(cli, before.id);
  return now.status !== 'closed' && now.state.revision !== before.state.revision;
}

function inputOf(kind: ConfigCommandKind, rollout: ConfigRollout, flags: Flags): ConfigCommandInput {
  const reason =
    kind === 'abort' ? required('--reason', flags.reason, 'say why; it is kept in the audit') : flags.reason;
  return {
    kind,
    revision: flags.state === undefined ? rollout.state.revision : integerOf('--state', flags.state),
    ...(reason === undefined ? {} : { reason }),
  };
}

async function give(
  cli: Cli,
  rollout: ConfigRollout,
  input: ConfigCommandInput,
  flags: Flags,
): Promise<ConfigCommand> {
  const path = cli.path(`config-rollouts/${rollout.id}/commands`);
  const preference: Record<string, string> = flags.wait ? {} : { prefer: 'respond-async' };
  const { body } = await cli.api.post<ConfigCommand>(path, input, preference);
  cli.reattachBy(`holdfast config status ${rollout.id}`);
  const settled = flags.wait ? await within(cli, flags.timeout, settle(cli, body)) : body;
  if (settled.state !== 'refused') return settled;
  throw new CliError(exitCodes.conflict, `${settled.kind} was refused: ${settled.answer ?? ''}`);
}

/** The row is durable: the answer comes as soon as a worker is back. */
async function settle(cli: Cli, asked: ConfigCommand): Promise<ConfigCommand> {
  let command = asked;
  while (command.state === 'pending') {
    cli.out.progress('recorded; waiting for a worker to answer …');
    await sleep(500);
    command = await cli.api.get<ConfigCommand>(
      cli.path(`config-rollouts/${asked.operationId}/commands/${asked.id}`),
    );
  }
  return command;
}

function textOf({ environment, id }: ConfigRollout, command: ConfigCommand): string {
  const what = `${environment} ${id}: ${command.kind}`;
  return command.state === 'pending' ? `${what} is recorded` : `${what}: ${command.answer ?? 'done'}`;
}
