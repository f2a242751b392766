import type { CanaryRollout } from '../../contracts/canary-rollout.ts';
import type { Cli } from '../context.ts';
import type { ExitCode } from '../exit.ts';
import { required } from '../flags.ts';
import { finish, type WaitFlags } from './start.ts';

export async function rollback(
  cli: Cli,
  [service = '']: readonly string[],
  flags: WaitFlags & { reason?: string },
): Promise<ExitCode> {
  const reason = required('--reason', flags.reason, 'say why; it is kept in the audit');
  const path = cli.path(`services/${encodeURIComponent(service)}/rollback`);
  const { body } = await cli.api.post<CanaryRollout>(path, { reason });
  return finish(cli, body, flags);
}
