import type { Service, ServiceInput } from '../../contracts/service.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { integerOf } from '../flags.ts';
import { startOf, type StartFlags } from '../start-flags.ts';
import { readPlanFile } from '../plan-file.ts';
import { locate, readServiceFile } from '../service-file.ts';
import { serviceText } from './show.ts';

interface Flags extends StartFlags {
  readonly name?: string;
  readonly backend?: string;
  readonly proxy?: string;
  readonly healthPath?: string;
  readonly instances?: string;
  readonly plan?: string;
}

/** From a file or from flags, not from both: one place says what a service is. */
export async function registerService(cli: Cli, [path]: readonly string[], flags: Flags): Promise<void> {
  const file = path === undefined ? null : await readServiceFile(path);
  const input = file === null ? await fromFlags(flags) : file.service;
  try {
    const service = await cli.api.put<Service>(cli.path(`services/${encodeURIComponent(input.name)}`), input);
    cli.out.data(service, () => serviceText(service));
  } catch (error) {
    throw file === null ? error : locate(error, file.source);
  }
}

async function fromFlags(flags: Flags): Promise<ServiceInput> {
  const { name, backend } = flags;
  if (name === undefined || backend === undefined) {
    throw new CliError(exitCodes.usage, 'name a FILE, or give --name, --backend and --command (or --image)');
  }
  return {
    name,
    start: requireStart(flags),
    traffic: { provider: 'haproxy', backend, ...(flags.proxy === undefined ? {} : { proxy: flags.proxy }) },
    ...(flags.healthPath === undefined ? {} : { health: { path: flags.healthPath } }),
    ...(flags.instances === undefined ? {} : { instances: integerOf('--instances', flags.instances) }),
    ...(flags.plan === undefined ? {} : { plan: (await readPlanFile(flags.plan)).plan }),
  };
}

function requireStart(flags: Flags): ServiceInput['start'] {
  const start = startOf(flags);
  if (start !== null) return start;
  throw new CliError(
    exitCodes.usage,
    'say how a version starts: --command, or --image with --container-port',
  );
}
