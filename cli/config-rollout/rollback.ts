import type { ConfigRollout } from '../../contracts/config-rollout.ts';
import type { Cli } from '../context.ts';
import type { ExitCode } from '../exit.ts';
import { required } from '../flags.ts';
import { environmentOf, environmentPath, type EnvironmentFlags } from './environment.ts';
import { resolveRevision } from './revision-name.ts';
import { finish, type WaitFlags } from './watch.ts';

interface Flags extends EnvironmentFlags, WaitFlags {
  readonly revision?: string;
  readonly reason?: string;
}

/** Brings an earlier revision back everywhere at once. */
export async function rollbackConfig(cli: Cli, _args: readonly string[], flags: Flags): Promise<ExitCode> {
  const reason = required('--reason', flags.reason, 'say why; it is kept in the audit');
  const environment = environmentOf(cli, flags);
  const { revision } = flags;
  const { body } = await cli.api.post<ConfigRollout>(environmentPath(cli, environment, 'config/rollback'), {
    reason,
    ...(revision === undefined ? {} : { revision: await resolveRevision(cli, environment, revision) }),
  });
  return finish(cli, body, flags);
}
