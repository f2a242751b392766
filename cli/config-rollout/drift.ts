import type { FleetProxy } from '../../contracts/proxy-enrollment.ts';
import type { Environment } from '../../contracts/config-revision.ts';
import type { Cli } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit.ts';
import { pagesOf } from '../pages.ts';
import { isOff, offText } from '../fleet/proxy-text.ts';
import { environmentOf, environmentPath, type EnvironmentFlags } from './environment.ts';

/** Every proxy that is not as ordered, with why. Exit code 1 when there is one. */
export async function showDrift(
  cli: Cli,
  _args: readonly string[],
  flags: EnvironmentFlags,
): Promise<ExitCode> {
  const environment = environmentOf(cli, flags);
  await cli.api.get<Environment>(environmentPath(cli, environment));
  let looked = 0;
  const off: FleetProxy[] = [];
  for await (const proxy of pagesOf<FleetProxy>(cli, cli.path('fleet'), { environment })) {
    looked += 1;
    if (isOff(proxy)) off.push(proxy);
  }
  cli.out.data(off, () =>
    off.length === 0
      ? `all ${looked} proxies of ${environment} are as ordered`
      : [
          `${off.length} of ${looked} proxies of ${environment} are not as ordered`,
          ...off.map((proxy) => `\n${offText(proxy)}`),
        ].join('\n'),
  );
  return off.length === 0 ? exitCodes.ok : exitCodes.failed;
}
