import type { CanaryRollout } from '../../contracts/canary-rollout.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';

export interface TargetFlags {
  readonly id?: string;
}

interface Page {
  readonly items: CanaryRollout[];
}

/** The rollout that is meant: by --id, else the newest of the service, open or not, with its live state. */
export async function findTarget(
  cli: Cli,
  service: string | undefined,
  flags: TargetFlags,
): Promise<CanaryRollout> {
  if (flags.id !== undefined) return cli.api.get<CanaryRollout>(cli.path(`canary-rollouts/${flags.id}`));
  if (service === undefined) throw new CliError(exitCodes.usage, 'name a SERVICE or give --id');
  const { items } = await cli.api.get<Page>(cli.path('canary-rollouts'), { service, limit: 1 });
  const newest = items[0];
  if (newest !== undefined) return cli.api.get<CanaryRollout>(cli.path(`canary-rollouts/${newest.id}`));
  await cli.api.get(cli.path(`services/${encodeURIComponent(service)}`));
  throw new CliError(
    exitCodes.notFound,
    `${service} was never rolled out; start: holdfast canary start ${service} VERSION`,
  );
}

/** Like `findTarget`, and it must still be open. */
export async function findOpenTarget(
  cli: Cli,
  service: string | undefined,
  flags: TargetFlags,
): Promise<CanaryRollout> {
  const rollout = await findTarget(cli, service, flags);
  if (rollout.status !== 'closed') return rollout;
  const how = rollout.state.outcome ?? 'closed';
  throw new CliError(
    exitCodes.conflict,
    `nothing runs: the newest rollout of ${rollout.service}, ${rollout.id}, is over (${how})`,
  );
}
