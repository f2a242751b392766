import type { ConfigRollout } from '../../contracts/config-rollout.ts';
import type { Environment } from '../../contracts/config-revision.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { environmentOf, environmentPath, type EnvironmentFlags } from './environment.ts';

/** The rollout that is meant: by its id, else the newest of the environment, open or not, with its live state. */
export async function findTarget(
  cli: Cli,
  id: string | undefined,
  flags: EnvironmentFlags,
): Promise<ConfigRollout> {
  if (id !== undefined) return showTarget(cli, id);
  const environment = environmentOf(cli, flags);
  const { items } = await cli.api.get<{ items: ConfigRollout[] }>(cli.path('config-rollouts'), {
    environment,
    limit: 1,
  });
  const newest = items[0];
  if (newest !== undefined) return showTarget(cli, newest.id);
  await cli.api.get<Environment>(environmentPath(cli, environment));
  throw new CliError(
    exitCodes.notFound,
    `nothing was rolled out to ${environment} yet; start: holdfast config apply --env ${environment}`,
  );
}

export function showTarget(cli: Cli, id: string): Promise<ConfigRollout> {
  return cli.api.get<ConfigRollout>(cli.path(`config-rollouts/${encodeURIComponent(id)}`));
}

/** Like `findTarget`, and it must still be open. */
export async function findOpenTarget(
  cli: Cli,
  id: string | undefined,
  flags: EnvironmentFlags,
): Promise<ConfigRollout> {
  const rollout = await findTarget(cli, id, flags);
  if (rollout.status !== 'closed') return rollout;
  const how = rollout.state.outcome ?? 'closed';
  const which = id === undefined ? `the newest rollout of ${rollout.environment}, ${rollout.id}` : rollout.id;
  throw new CliError(exitCodes.conflict, `nothing runs: ${which} is over (${how})`);
}
